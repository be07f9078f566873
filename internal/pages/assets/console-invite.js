// Inviting several persons at once, and what became of each.
import { copyable, el, panel } from './console-dom.js';
import { field, form, lines } from './console-form.js';
import { outcomes } from './console-row.js';

const bad = ['refused', 'bad_address', 'duplicate'];

// invite is the form. into says what it asks them into already: a group.
export function invite(ctx, into = {}, done = () => {}) {
	const results = el('div', { role: 'status' });
	const fields = [
		field('emails', 'Addresses', { kind: 'textarea', required: true, wide: true, hint: 'One a line, or with commas in between' }),
		into.group ? null : field('collection', 'Collection', { hint: 'By name; empty: an account only' }),
		into.group || !into.sets ? null : field('preset', 'As', { kind: into.sets, value: 'can_view' }),
		field('message', 'A few words', { wide: true, hint: 'They stand in the mail; may stay empty' }),
	];
	const ask = form('Invite persons', fields, 'Invite', ctx, async (body) => {
		const out = await ctx.api.post('/invites', { ...body, emails: lines(body.emails), ...(into.group && { group: into.group }), ...(!body.collection && { preset: undefined }) });
		results.replaceChildren(outcomes('Invited', out.items.map((i) => [i.email, i.why || i.outcome, !bad.includes(i.outcome)])),
			...out.items.filter((i) => i.message).map((i) => copyable(`To pass on to ${i.email}: there is no mail here`, `${i.message.subject}\n\n${i.message.text}`)));
		done();
	});
	return panel('Invite persons', ask, results);
}
