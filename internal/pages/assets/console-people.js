// Persons: who they are, what they may do, and what becomes of them.
import { p, query } from './console-api.js';
import { button, chip, el, facts, home, panel, quiet, row, table, to, when } from './console-dom.js';
import { ask, field, form } from './console-form.js';
import { invite } from './console-invite.js';

const roles = ['owner', 'manager', 'standard', 'limited'];
const headings = ['Person', 'Role', 'Standing', 'Since'];

export const lineOf = (one, more) => row({ 'data-id': one.id }, more ? [...headings, 'Actions'] : headings, [
	[to(['people', one.id], one.email, { class: 'name', dir: 'auto' }), one.name ? el('small', { dir: 'auto' }, one.name) : null],
	one.role, [chip(one.standing), one.standing_reason ? el('small', { dir: 'auto' }, one.standing_reason) : null], when(one.created_at),
	...(more ? [more(one)] : [])]);

export const persons = (list, more) => table('Persons', more ? [...headings, 'Actions'] : headings, list.map((one) => lineOf(one, more)));

export async function people(ctx, { query: asked }) {
	const email = asked.get('email') ?? '';
	const role = email ? '' : asked.get('role') ?? '';
	const list = await ctx.api.get(query('/persons', { limit: 50, email, role }));
	const sets = ctx.me.may('people') ? Object.keys((await ctx.api.get('/roles')).presets) : [];
	const whole = persons(list.persons);
	let { next } = list;
	const more = button('Show more persons', 'secondary', null, () => ctx.trying(async () => {
		const page = await ctx.api.get(query('/persons', { limit: 50, role, cursor: next }));
		whole.tBodies[0].append(...page.persons.map((one) => lineOf(one)));
		next = page.next;
		more.hidden = !next;
	}));
	more.hidden = !next;
	const search = form('Find a person', [
		field('email', 'Address', { kind: 'search', value: email, wide: true }),
		field('role', 'Role', { kind: [['', 'any'], ...roles], value: role }),
	], 'Find', ctx, (body) => ctx.go(query(`${home}/people`, body), { replace: true }));
	return {
		heading: 'People',
		content: [ctx.me.may('people') ? invite(ctx, { sets }) : null, search, list.persons.length ? whole : quiet('There is no such person.'), more],
	};
}

const changed = async (ctx, text) => {
	await ctx.go();
	ctx.news(text);
};

function tools(ctx, one) {
	const at = (verb, why) => ctx.trying(async () => {
		await ctx.api.post(p`/persons/${one.id}/${verb}`, why);
		await changed(ctx, `${one.email}: ${verb === 'suspend' ? 'suspended' : 'active again'}.`);
	});
	const remove = () => ctx.trying(async () => {
		const sure = await ask({
			heading: 'Delete this person?', what: one.email, word: one.email, act: 'Delete',
			consequence: 'What they watch ends, and what was granted to them is gone. What they made passes on to whoever answers for them.',
		});
		if (sure === null) return;
		await ctx.api.delete(p`/persons/${one.id}`);
		await ctx.go(`${home}/people`);
		ctx.news(`${one.email}: deleted.`);
	});
	return el('div', { class: 'tools', role: 'group', 'aria-label': 'What to do' },
		one.standing === 'suspended'
			? button('Resume', 'secondary', null, () => at('resume'))
			: button('Suspend', 'secondary', null, () => at('suspend', { why: 'from the console' })),
		button('Delete', 'danger', null, remove));
}

// roleForm sets the role: those above standard are given by owners only.
function roleForm(ctx, one) {
	const may = ctx.me.may('appoint') ? roles : roles.slice(2);
	if (!may.includes(one.role)) return null;
	return panel('Role', form('Role', [field('role', 'Role', { kind: may, value: one.role })], 'Set the role', ctx, async (body) => {
		await ctx.api.patch(p`/persons/${one.id}`, body);
		await changed(ctx, `${one.email} is ${body.role} now.`);
	}));
}

export async function person(ctx, { id }) {
	const one = await ctx.api.get(p`/persons/${id}`);
	const changes = ctx.me.may('people');
	return {
		heading: one.email,
		content: [
			el('p', {}, to(['people'], 'All people')),
			changes ? tools(ctx, one) : null,
			panel('About', facts(
				one.name && ['Name', el('span', { dir: 'auto' }, one.name)],
				['Role', one.role], ['Standing', chip(one.standing), one.standing_reason ? el('small', { dir: 'auto' }, one.standing_reason) : null],
				one.until && ['Until', when(one.until)], one.sponsor && ['Sponsor', to(['people', one.sponsor], one.sponsor)],
				['Since', when(one.created_at)],
				['Groups', one.groups?.length ? one.groups.map((g) => el('div', {}, to(['groups', g.id], g.name))) : 'none'],
				['Collections', one.everything ? 'all, by their role' : null, ...(one.collections ?? []).map((c) => el('div', { dir: 'auto' }, to(['collections', c.collection], c.title || c.name), ` ${c.can.join(', ')}`))],
				one.counts && ['Sessions', `${one.counts.sessions}, ${one.counts.live_sessions} live`],
			)),
			changes ? roleForm(ctx, one) : null],
	};
}
