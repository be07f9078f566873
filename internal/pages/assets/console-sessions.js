// Sessions: of one link, and of everybody, as they live.
import { p, query } from './console-api.js';
import { button, bytes, chip, code, count, el, panel, quiet, to, when } from './console-dom.js';
import { follow } from './console-stream.js';

const play = (one) => el('li', {}, one.asset ? code(one.asset) : 'the whole scope', ` ${one.state} `, when(one.opened_at),
	one.opener ? el('small', {}, 'opened by ', code(one.opener)) : null);

// session draws one; end is called to end it, where that may be done.
function session(s, ctx, ended) {
	const plays = s.plays ?? [];
	const name = s.email || s.agent || 'unknown player';
	return el('li', { class: 'session', 'data-id': s.id },
		el('div', {},
			el('strong', { dir: 'auto' }, name), ' ', chip(s.state),
			s.email && s.agent ? el('p', { class: 'quiet', dir: 'auto' }, s.agent) : null,
			quiet('last seen ', when(s.last_seen), ', began ', when(s.created_at), `, ${bytes(s.bytes ?? 0)}, ${count(plays.length, 'play', 'plays')}`),
			quiet('device ', code(s.device), ', link ', to(['links', s.link], s.link)),
			plays.length ? el('ul', {}, plays.map(play)) : null),
		s.state === 'live' && ended ? button('End', 'danger', `End the session of ${name}`, () => ctx.trying(async () => {
			await ctx.api.post(query(p`/sessions/${s.id}/end`, { link: s.link }));
			ctx.news('Session ended.');
			await ended(s);
		})) : null);
}

// sessionsOf is the panel of a link's sessions, kept up to date; mayEnd says
// whether they may be ended.
export async function sessionsOf(ctx, link, mayEnd) {
	const list = el('ul', { class: 'sessions' });
	const none = quiet('Nobody has watched through this link yet.');
	const look = async () => {
		const found = await ctx.api.get(query('/sessions', { link }));
		list.replaceChildren(...found.sessions.map((s) => session(s, ctx, mayEnd && look)));
		list.hidden = !found.sessions.length;
		none.hidden = Boolean(found.sessions.length);
	};
	await look();
	return panel('Sessions', el('div', { class: 'tools' }, button('Look again', 'secondary', 'Look again for sessions', () => ctx.trying(look))), none, list);
}

// sessions is the screen of what is watched now.
export async function sessions(ctx) {
	const all = new Map();
	const list = el('ul', { class: 'sessions' });
	const none = quiet('Nobody is watching.');
	const state = el('span', { role: 'status' });
	const draw = () => {
		const live = [...all.values()].filter((s) => s.state === 'live').sort((a, b) => (a.id < b.id ? 1 : -1));
		list.replaceChildren(...live.map((s) => session(s, ctx, ctx.me.may('collections') && look)));
		list.hidden = !live.length;
		none.hidden = Boolean(live.length);
	};
	const look = async () => {
		const found = await ctx.api.get('/sessions?limit=100');
		all.clear();
		for (const s of found.sessions) all.set(s.id, s);
		draw();
	};
	await look();
	const told = ({ name, data }) => {
		if (name !== 'session') return;
		if (data.state === 'live') all.set(data.id, data);
		else all.delete(data.id);
		draw();
	};
	const stop = follow(ctx.api, '/sessions/stream', told, look, (text) => { state.textContent = text; });
	return { heading: 'Live sessions', content: [quiet('This list is ', state), none, list], stop };
}
