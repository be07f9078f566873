// The links: a table with filters that are kept in the address, and what is done
// to several of them at once.
import { p, query } from './console-api.js';
import { button, count, el, home, quiet, row, table, to, when } from './console-dom.js';
import { ask, field } from './console-form.js';
import { newLink } from './console-new.js';
import { lastSeen, named, nameOf, outcomes, standing, stateOf, states, views } from './console-row.js';

const headings = ['Link', 'State', 'Views', 'Ends', 'Last seen', 'Select'];
const wantedRows = 50;
const mostPages = 10;

function line(ctx, link, marked) {
	const name = nameOf(link);
	const box = ctx.me.mayLink(link) ? el('input', { type: 'checkbox', 'aria-label': `Select ${name}` }) : null;
	box?.addEventListener('change', () => marked(link, box.checked));
	const seen = el('span', {}, link.devices ? '…' : 'never');
	if (link.devices) lastSeen(ctx.api.quietly, link).then((at) => seen.replaceChildren(when(at)), () => { seen.textContent = '–'; });
	return row({ 'data-id': link.id }, headings, [
		[...named(link), to(['links', link.id], 'Open', { 'aria-label': `Open ${name}`, class: 'open' })],
		standing(link), views(link), when(link.expires_at), seen, box ? el('label', { class: 'tick' }, box) : '']);
}

// filters are what the address says.
const filtersOf = (asked) => ({ state: asked.get('state') ?? '', collection: asked.get('collection') ?? '', text: asked.get('text') ?? '' });

function matches(filter) {
	const text = filter.text.toLowerCase();
	return (link) => (!filter.state || stateOf(link) === filter.state)
		&& (!text || [link.title, link.scope, link.collection_name, link.by, ...(link.for ?? [])].some((t) => t?.toLowerCase().includes(text)));
}

// more reads pages until enough links are found, or many pages were read.
async function more(ctx, filter, cursor) {
	const found = [];
	const fits = matches(filter);
	let next = cursor;
	for (let page = 0; page < mostPages; page++) {
		const list = await ctx.api.get(query('/links', { collection: filter.collection, limit: wantedRows, cursor: next }));
		found.push(...list.links.filter(fits));
		next = list.next;
		if (!next || found.length >= wantedRows) break;
	}
	return { found, next };
}

function filterBar(ctx, filter, collections) {
	const bar = el('form', { class: 'grid filters', role: 'search', 'aria-label': 'Filter links' },
		field('state', 'State', { kind: [['', 'any'], ...states], value: filter.state }),
		collections.length ? field('collection', 'Collection', { kind: [['', 'any'], ...collections.map((c) => c.name)], value: filter.collection }) : null,
		field('text', 'Text', { kind: 'search', value: filter.text, placeholder: 'title, path, address' }),
		el('button', { class: 'secondary' }, 'Filter'));
	const apply = () => ctx.go(query(`${home}/links`, Object.fromEntries([...bar.querySelectorAll('[data-field]')].map((c) => [c.dataset.field, c.value.trim()]))), { replace: true });
	bar.addEventListener('submit', (event) => {
		event.preventDefault();
		apply();
	});
	for (const select of bar.querySelectorAll('select')) select.addEventListener('change', apply);
	return bar;
}

// bulk is what may be done to the marked links: each by itself, and what became of
// each is told.
function bulk(ctx, marks) {
	const results = el('div', { role: 'status' });
	const each = async (word, work) => {
		const list = [];
		for (const link of marks.values()) {
			try {
				await work(link);
				list.push([nameOf(link), word]);
			} catch (problem) {
				list.push([nameOf(link), problem.message, false]);
			}
		}
		await ctx.go();
		ctx.news(outcomes(`${count(list.filter(([,, good = true]) => good).length, 'link', 'links')} ${word}`, list));
	};
	const stand = (verb, word, why = 'from the console') => each(word, (link) => ctx.api.post(p`/links/${link.id}/${verb}`, { why }));
	const days = field('days', 'Days from now', { kind: 'number', min: 1, value: 7 });
	const bar = el('div', { class: 'bulk panel', role: 'group', 'aria-label': 'Selected links', hidden: true },
		el('strong', { class: 'marked' }),
		button('Suspend', 'secondary', 'Suspend the selected links', () => stand('suspend', 'suspended')),
		button('Resume', 'secondary', 'Resume the selected links', () => stand('resume', 'active')),
		days, button('Set the end', 'secondary', 'Set the end of the selected links', () => {
			const n = days.querySelector('input').valueAsNumber;
			return n > 0 ? each('extended', (link) => ctx.api.patch(p`/links/${link.id}`, { expires_in: `${n}d` })) : undefined;
		}),
		button('Revoke', 'danger', 'Revoke the selected links', async () => {
			const why = await ask({
				heading: 'Revoke these links?', what: count(marks.size, 'link', 'links'), why: true, word: 'revoke', act: 'Revoke',
				consequence: 'Everyone who is watching is cut off, and these links can never be used again.',
			});
			if (why !== null) await stand('revoke', 'revoked', why);
		}), results);
	return [bar, () => {
		bar.hidden = !marks.size;
		bar.querySelector('.marked').textContent = `${marks.size} selected`;
	}];
}

export async function links(ctx, { query: asked }) {
	const filter = filtersOf(asked);
	const from = asked.get('from');
	const [{ collections }, first, source] = await Promise.all([
		ctx.api.get('/collections?limit=100'), more(ctx, filter), from ? ctx.api.get(p`/links/${from}`) : null]);
	const managed = collections.filter((c) => ctx.me.sees('collections', c.id));
	const marks = new Map();
	const [bar, drawBar] = bulk(ctx, marks);
	const marked = (link, on) => {
		if (on) marks.set(link.id, link);
		else marks.delete(link.id);
		drawBar();
	};
	const rows = (list) => list.map((link) => line(ctx, link, marked));
	const whole = table('Links', headings, rows(first.found));
	const any = Object.values(filter).some(Boolean);
	const empty = quiet(any ? 'No link is like that.' : 'No links yet.', first.next ? ' Older ones were not looked at.' : '');
	let { next } = first;
	const older = button('Show older links', 'secondary', null, () => ctx.trying(async () => {
		const page = await more(ctx, filter, next);
		whole.tBodies[0].append(...rows(page.found));
		next = page.next;
		settle();
	}));
	const settle = () => {
		whole.hidden = !whole.tBodies[0].rows.length;
		empty.hidden = !whole.hidden;
		older.hidden = !next;
	};
	settle();
	const shares = collections.filter((c) => ctx.me.may('share', c.id));
	const create = ctx.me.may('share') ? newLink(ctx, { known: first.found, collections: shares, from: source, open: Boolean(from) || (!first.found.length && !any) }, (link) => {
		whole.tBodies[0].prepend(line(ctx, link, marked));
		settle();
	}) : null;
	return { heading: 'Links', content: [create, filterBar(ctx, filter, managed), bar, empty, whole, older] };
}
