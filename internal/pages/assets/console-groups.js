// Groups and who is in them.
import { p, query } from './console-api.js';
import { button, el, facts, home, panel, quiet, row, table, to, when } from './console-dom.js';
import { ask, field, form, lines } from './console-form.js';
import { invite } from './console-invite.js';
import { persons } from './console-people.js';

const headings = ['Group', 'Begins', 'Ends', 'Made'];

export async function groups(ctx, { query: asked }) {
	const list = await ctx.api.get(query('/groups', { limit: 100, name: asked.get('name') }));
	const create = ctx.me.may('groups') ? panel('New group', form('New group', [
		field('name', 'Name', { required: true, wide: true }),
		field('ends_at', 'Ends in', { placeholder: '90d', hint: 'A course, a project; empty: never' }),
	], 'Create group', ctx, async (body) => {
		const made = await ctx.api.post('/groups', body);
		await ctx.go(`${home}/groups/${encodeURIComponent(made.id)}`);
	})) : null;
	const rows = list.groups.map((g) => row({ 'data-id': g.id }, headings, [
		to(['groups', g.id], g.name, { class: 'name', dir: 'auto' }), when(g.starts_at, 'at once'), when(g.ends_at), when(g.created_at)]));
	return { heading: 'Groups', content: [create, rows.length ? table('Groups', headings, rows) : quiet('No groups yet.')] };
}

export async function group(ctx, { id }) {
	const [one, members] = await Promise.all([ctx.api.get(p`/groups/${id}`), ctx.api.get(query('/persons', { group: id, limit: 100 }))]);
	const changes = ctx.me.may('groups');
	const move = async (body, text) => {
		await ctx.api.post(p`/groups/${id}/members`, body);
		await ctx.go();
		ctx.news(text);
	};
	const out = (person) => button('Remove', 'danger', `Remove ${person.email} from the group`, () => ctx.trying(() => move({ remove: [person.id] }, `${person.email}: removed.`)));
	const add = form('Add members', [field('add', 'Addresses', { kind: 'textarea', required: true, wide: true, hint: 'Persons who are known already, one a line' })],
		'Add', ctx, async (body) => move({ add: lines(body.add) }, 'Added.'));
	const end = (verb, work) => ctx.trying(async () => {
		const sure = await ask({
			heading: `${verb} this group?`, what: one.name, word: one.name, act: verb,
			consequence: verb === 'Close' ? 'It ends now: what its members watch by it stops. The record of it stays.' : 'What was granted to it is gone, and so is the record of it.',
		});
		if (sure === null) return;
		await work();
		ctx.news(`${one.name}: done.`);
	});
	return {
		heading: one.name,
		content: [
			el('p', {}, to(['groups'], 'All groups')),
			changes ? el('div', { class: 'tools', role: 'group', 'aria-label': 'What to do' },
				button('Close', 'secondary', null, () => end('Close', async () => { await ctx.api.post(p`/groups/${id}/close`); await ctx.go(); })),
				button('Delete', 'danger', null, () => end('Delete', async () => { await ctx.api.delete(p`/groups/${id}`); await ctx.go(`${home}/groups`); }))) : null,
			panel('About', facts(['Begins', when(one.starts_at, 'at once')], ['Ends', when(one.ends_at)], ['Made', when(one.created_at)])),
			panel('Members', changes ? add : null, members.persons.length ? persons(members.persons, changes && out) : quiet('Nobody is in it.'), members.next ? quiet('There are more than are shown.') : null),
			changes && ctx.me.may('people') ? invite(ctx, { group: id }, () => {}) : null],
	};
}
