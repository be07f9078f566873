// Collections: how open each is, what it holds, and who has access, and why.
import { p, query } from './console-api.js';
import { button, chip, code, count, el, facts, home, panel, quiet, row, table, to, when } from './console-dom.js';
import { ask, field, form, lines } from './console-form.js';

const levels = { locked: 'nobody but whom it was granted to', members: 'whoever is signed in', link: 'whoever has a link', public: 'everybody' };
const headings = ['Collection', 'Level', 'Paths', 'You may'];
const grantHeadings = ['Whom', 'May', 'Until', 'Given by', 'Actions'];
const whoHeadings = ['Person', 'May', 'Why'];

export async function collections(ctx, { query: asked }) {
	const name = asked.get('name') ?? '';
	const list = await ctx.api.get(query('/collections', { limit: 100, name }));
	const create = ctx.me.may('make-collections') ? panel('New collection', form('New collection', [
		field('name', 'Name', { required: true, hint: 'Small letters, digits and hyphens' }),
		field('title', 'Title', { wide: true }),
		ctx.me.may('lay-paths') ? field('paths', 'Paths', { kind: 'textarea', wide: true, hint: 'One a line: a file, or a folder ending in /*' }) : null,
		field('level', 'Level', { kind: Object.keys(levels), value: 'locked' }),
	], 'Create collection', ctx, async (body) => {
		if (body.paths) body.paths = lines(body.paths);
		const made = await ctx.api.post('/collections', body);
		await ctx.go(`${home}/collections/${encodeURIComponent(made.id)}`);
	})) : null;
	const rows = list.collections.map((c) => row({ 'data-id': c.id }, headings, [
		[el('span', { class: 'name', dir: 'auto' }, c.title || c.name), ctx.me.sees('collections', c.id) ? to(['collections', c.id], c.name) : code(c.name)],
		chip(c.level), c.paths?.length ? c.paths.map((path) => el('div', {}, code(path))) : '–', (c.can ?? []).join(', ') || '–']));
	return {
		heading: 'Collections',
		content: [create, rows.length ? table('Collections', headings, rows) : quiet('No collections that you may see.'),
			list.next ? quiet('There are more than are shown.') : null],
	};
}

// levelSwitch changes how open the collection is. What opens it to everybody is
// asked for once more; what locks it is done at once.
function levelSwitch(ctx, c) {
	const choices = Object.entries(levels).map(([level, who]) => {
		const input = el('input', { type: 'radio', name: 'level', value: level, checked: level === c.level });
		input.addEventListener('change', () => ctx.trying(async () => {
			if (level === 'public') {
				const sure = await ask({ heading: 'Open this to everybody?', what: c.title || c.name, consequence: 'Whoever knows an address watches it, without a link.', word: 'public', act: 'Open it' });
				if (sure === null) {
					await ctx.go();
					return;
				}
			}
			const after = await ctx.api.patch(p`/collections/${c.id}`, { level });
			await ctx.go();
			ctx.news(`${c.name} is ${level} now.`, after.sessions_ended ? ` ${count(after.sessions_ended, 'session', 'sessions')} ended.` : '');
		}));
		return el('label', { class: 'choice' }, input, el('span', {}, el('strong', {}, level), el('small', {}, who)));
	});
	return el('section', { class: 'panel' }, el('fieldset', {}, el('legend', {}, 'Who gets in'), choices));
}

function grants(ctx, c, list) {
	const take = (g, name) => ctx.trying(async () => {
		const sure = await ask({ heading: 'Take this grant back?', what: name, consequence: 'What they watch by it stops with the next request.', act: 'Take it back' });
		if (sure === null) return;
		await ctx.api.delete(p`/grants/${g.id}`);
		await ctx.go();
		ctx.news(`${name}: taken back.`);
	});
	const rows = list.map((g) => {
		const name = g.email || g.group_name || g.person || g.group;
		return row({ 'data-id': g.id }, grantHeadings, [
			[el('span', { class: 'name', dir: 'auto' }, name), g.group ? el('small', {}, 'group') : null], g.can.join(', '), when(g.ends_at), el('span', { dir: 'auto' }, g.by || 'operator'),
			ctx.me.may('collections', c.id) ? button('Take back', 'danger', `Take back what ${name} was granted`, () => take(g, name)) : '']);
	});
	const give = form('Grant', [
		field('whom', 'Whom', { required: true, wide: true, hint: 'The address of a person, or the name of a group' }),
		field('preset', 'As', { kind: ctx.sets, value: 'can_view' }),
		field('ends_at', 'Until', { placeholder: '30d', hint: 'Empty: never ends' }),
	], 'Grant', ctx, async ({ whom, ...body }) => {
		await ctx.api.put('/grants', { collection: c.id, [whom.includes('@') ? 'person' : 'group']: whom, ...body });
		await ctx.go();
		ctx.news(`${whom}: granted.`);
	});
	return panel('Grants', ctx.me.may('share', c.id) ? give : null, rows.length ? table('Grants', grantHeadings, rows) : quiet('Nothing is granted.'));
}

// because says one reason in words.
const because = (r) => el('li', { dir: 'auto' }, { owner: 'owns', role: 'by their role' }[r.via] ?? (r.group ? `as a member of ${r.group_name || r.group}` : 'granted'),
	r.via === 'role' ? '' : ` ${r.collection_name || r.collection}`, r.by ? `, by ${r.by}` : '', `: ${r.worth.join(', ')}`,
	r.cut?.length ? el('small', {}, `not ${r.cut.join(', ')}: whoever gave it does not hold that any more`) : null);

const who = (found) => panel('Who has access, and why', table('Who has access, and why', whoHeadings, found.who.map((w) => row({ 'data-id': w.person }, whoHeadings, [
	[el('span', { class: 'name', dir: 'auto' }, w.email), el('small', { dir: 'auto' }, [w.name, w.role].filter(Boolean).join(', '))],
	w.can.join(', '), el('ul', {}, w.reasons.map(because))]))), found.next ? quiet('There are more than are shown.') : null);

export async function collection(ctx, { id }) {
	const c = await ctx.api.get(p`/collections/${id}`);
	ctx.sets ??= Object.keys((await ctx.api.get('/roles')).presets);
	const changes = ctx.me.may('collections', id);
	const [given, insiders] = await Promise.all([
		ctx.api.get(query('/grants', { collection: id, limit: 100 })), ctx.me.sees('who', id) ? ctx.api.get(p`/collections/${id}/who?limit=100`) : null]);
	const edit = changes ? panel('Change', form('Change', [
		field('title', 'Title', { value: c.title, wide: true }),
		field('paths', 'Paths', { kind: 'textarea', value: (c.paths ?? []).join('\n'), wide: true, hint: 'One a line: a file, or a folder ending in /*' }),
	], 'Save', ctx, async (body) => {
		await ctx.api.patch(p`/collections/${id}`, { title: body.title ?? '', paths: lines(body.paths) });
		await ctx.go();
		ctx.news('Saved.');
	})) : null;
	return {
		heading: c.title || c.name,
		content: [el('p', {}, to(['collections'], 'All collections'), ' ', el('a', { href: query(`${home}/links`, { collection: c.name }), 'data-screen': true }, 'Its links')),
			panel('About', facts(['Name', code(c.name)], ['Level', chip(c.level), el('small', {}, levels[c.level])],
				['Paths', ...(c.paths ?? []).map((path) => el('div', {}, code(path)))], ['Owner', el('span', { dir: 'auto' }, c.owner_email || 'operators')])),
			changes ? levelSwitch(ctx, c) : null, edit, grants(ctx, c, given.grants), insiders && who(insiders)],
	};
}
