// The sessions of one link, as a row below it.
import { button, bytes, count, el } from './dom.js';
import { when } from './row.js';

function play(p) {
	return el('li', {},
		p.asset ? el('code', {}, p.asset) : 'the whole scope', ` ${p.state} `, when(p.opened_at),
		p.opener ? el('small', {}, `opened by ${p.opener}`) : null);
}

function session(s, end) {
	const live = s.state === 'live';
	const plays = s.plays ?? [];
	return el('li', { class: 'session' },
		el('div', {},
			el('strong', { dir: 'auto' }, s.agent || 'unknown player'), ' ',
			el('span', { class: 'chip', 'data-word': s.state }, s.state),
			el('p', { class: 'quiet' }, 'last seen ', when(s.last_seen), ', began ', when(s.created_at),
				`, ${bytes(s.bytes ?? 0)}, ${count(plays.length, 'play', 'plays')}`),
			el('p', { class: 'quiet' }, 'device ', el('code', {}, s.device)),
			plays.length ? el('ul', {}, ...plays.map(play)) : null),
		live ? button('End', 'danger', `End session ${s.id}`, () => end(s)) : null);
}

// sessionsRow draws the list; end is called with the session to end.
export function sessionsRow(list, end) {
	const content = list.length
		? el('ul', { class: 'sessions' }, ...list.map((s) => session(s, end)))
		: el('p', { class: 'quiet' }, 'Nobody has watched through this link yet.');
	return el('tr', { role: 'row', class: 'below' }, el('td', { role: 'cell', colspan: '7' }, content));
}
