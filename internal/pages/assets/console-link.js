// The screen of one link.
import { p } from './console-api.js';
import { button, code, el, facts, home, panel, to, when } from './console-dom.js';
import { timeline } from './console-events.js';
import { ask, field, form } from './console-form.js';
import { duplicate, given } from './console-new.js';
import { nameOf, over, standing, views } from './console-row.js';
import { sessionsOf } from './console-sessions.js';

function about(link) {
	return panel('About', facts(
		['State', ...standing(link)],
		['Views', ...views(link)],
		['Opens', code(link.scope)],
		link.collection && ['Collection', to(['collections', link.collection], link.collection_name || link.collection)],
		['May', link.can.join(', ')],
		link.for && ['For', el('span', { dir: 'auto' }, link.for.join(', '))],
		link.starts_at && ['Begins', when(link.starts_at)],
		['Ends', when(link.expires_at)],
		link.play_for && ['Good from the first view for', link.play_for],
		link.seats && ['Devices at once', String(link.seats)],
		link.seats_each && ['Devices at once each', String(link.seats_each)],
		['Password', link.has_password ? 'yes' : 'none'],
		['Opened', `${link.opens} times, ${link.refused_opens} refused`],
		['Devices', String(link.devices)],
		link.parent && ['Made from', to(['links', link.parent], link.parent)],
		['Made', when(link.created_at), el('small', { dir: 'auto' }, link.by || link.created_by || '')],
	));
}

// changed draws the screen anew, and says what was done.
const changed = async (ctx, ...what) => {
	await ctx.go();
	ctx.news(...what);
};

const stand = (ctx, link, verb, why) => ctx.api.post(p`/links/${link.id}/${verb}`, { why });

// suspend is done at once, and undone as fast: nobody has to be sure beforehand.
const suspend = (ctx, link) => ctx.trying(async () => {
	await stand(ctx, link, 'suspend', 'from the console');
	await changed(ctx, el('span', { dir: 'auto' }, `${nameOf(link)}: suspended. `), button('Undo', 'secondary', 'Undo: resume the link', () => resume(ctx, link)));
});

const resume = (ctx, link) => ctx.trying(async () => {
	await stand(ctx, link, 'resume', 'from the console');
	await changed(ctx, `${nameOf(link)}: active again.`);
});

const revoke = (ctx, link) => ctx.trying(async () => {
	const why = await ask({
		heading: 'Revoke this link?', what: nameOf(link), why: true, word: 'revoke', act: 'Revoke',
		consequence: 'Everyone who is watching is cut off, and the link can never be used again. To pause it, suspend it instead.',
	});
	if (why === null) return;
	await stand(ctx, link, 'revoke', why);
	await changed(ctx, `${nameOf(link)}: revoked.`);
});

function extend(ctx, link) {
	const limited = link.views.limit !== null;
	const fields = [
		limited ? field('add_views', 'More views', { kind: 'number', min: 1, hint: `Now ${link.views.limit}` }) : null,
		link.views_each !== null ? field('add_views_each', 'More views each', { kind: 'number', min: 1, hint: `Now ${link.views_each}` }) : null,
		link.issuer ? null : field('expires_in', 'Ends from now in', { placeholder: '7d', hint: '30m, 48h, 7d' }),
	];
	return panel('Extend', form('Extend', fields, 'Extend', ctx, async (body) => {
		if (!Object.keys(body).length) return;
		await ctx.api.patch(p`/links/${link.id}`, body);
		await changed(ctx, `${nameOf(link)}: extended. Whoever has the link goes on with it.`);
	}));
}

export async function link(ctx, { id }) {
	const one = await ctx.api.get(p`/links/${id}`);
	const changes = ctx.me.mayLink(one);
	const alive = changes && !over(one);
	const [sessions, told] = await Promise.all([
		ctx.me.everywhere('private-stats') || changes || ctx.me.sees('stats', one.collection) ? sessionsOf(ctx, id, changes) : null, timeline(ctx, id)]);
	const again = el('a', { class: 'button secondary', href: duplicate(one), 'data-screen': true }, 'Duplicate tighter');
	return {
		heading: nameOf(one),
		content: [
			el('p', {}, el('a', { href: `${home}/links`, 'data-screen': true }, 'All links')),
			el('div', { class: 'tools', role: 'group', 'aria-label': 'What to do' },
				alive && one.standing === 'active' ? button('Suspend', 'secondary', null, () => suspend(ctx, one)) : null,
				alive && one.standing === 'suspended' ? button('Resume', 'secondary', null, () => resume(ctx, one)) : null,
				ctx.me.may('share', one.collection) ? again : null,
				alive ? button('Revoke', 'danger', null, () => revoke(ctx, one)) : null),
			about(one),
			alive ? extend(ctx, one) : null,
			alive && one.url ? panel('Give it out', ...given(one)) : null,
			sessions, told],
	};
}
