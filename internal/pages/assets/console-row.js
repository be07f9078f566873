// One link, as lists and its own screen show it.
import { chip, code, count, el } from './console-dom.js';

export const nameOf = (link) => link.title || link.scope;

// The states of a link. They are worked out from what the API says of it.
export const states = ['active', 'not yet', 'suspended', 'expired', 'used up', 'revoked', 'lost'];

export function stateOf(link, now = Date.now()) {
	if (link.standing !== 'active') return link.standing;
	if (link.expires_at && new Date(link.expires_at) <= now) return 'expired';
	if (link.views.limit && link.views.left === 0) return 'used up';
	return link.starts_at && new Date(link.starts_at) > now ? 'not yet' : 'active';
}

// over: nothing brings such a link back.
export const over = (link) => link.standing === 'revoked' || link.standing === 'lost';

export const standing = (link) => [chip(stateOf(link)), link.standing_reason ? el('small', { dir: 'auto' }, link.standing_reason) : null];

// views shows used of limit as words and as a bar.
export function views(link) {
	const { limit, used, reserved } = link.views;
	return [
		el('span', {}, limit ? `${used} of ${limit}` : `${used}, no limit`),
		limit ? el('progress', { max: limit, value: Math.min(used + reserved, limit), 'aria-hidden': 'true' }) : null,
		link.views_each ? el('small', {}, `${count(link.views_each, 'view', 'views')} each`) : null,
		reserved ? el('small', {}, `${reserved} reserved`) : null,
	];
}

export const named = (link) => [
	link.title ? el('span', { class: 'name', dir: 'auto' }, link.title) : null,
	code(link.scope),
	link.collection_name ? el('small', { dir: 'auto' }, `in ${link.collection_name}`) : null,
];

// lastSeen asks when somebody last watched through the link: the newest of its
// newest sessions.
export async function lastSeen(api, link) {
	const { sessions } = await api.get(`/sessions?link=${encodeURIComponent(link.id)}&limit=20`);
	return sessions.map((s) => s.last_seen).sort().at(-1);
}

// outcomes lists what became of each of several.
export const outcomes = (heading, list) => el('section', { class: 'panel outcomes', 'aria-label': heading }, el('h2', {}, heading),
	el('ul', {}, list.map(([name, result, good = true]) => el('li', {}, el('span', { dir: 'auto' }, name), ' ', chip(good ? result : 'refused'), good ? null : el('small', { dir: 'auto' }, result)))));
