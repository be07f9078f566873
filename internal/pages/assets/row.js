// One link as a row of the table.
import { copy } from './copy.js';
import { button, count, el } from './dom.js';
import { away, local } from './time.js';

const cell = (label, ...children) => el('td', { role: 'cell', 'data-label': label }, ...children);

export const nameOf = (link) => link.title || link.scope;

// when shows a time as a distance, with the time itself on demand.
export function when(text) {
	const date = new Date(text);
	return el('time', { datetime: text, title: local(date) }, away(date));
}

// chip says a standing as a word; its colour only repeats it.
function chip(link) {
	const over = link.expires_at && new Date(link.expires_at) <= new Date();
	const word = link.standing === 'active' && over ? 'expired' : link.standing;
	return el('span', { class: 'chip', 'data-word': word }, word);
}

// views shows used of limit as words and as a bar.
function views(link) {
	const { limit, used, reserved } = link.views;
	const each = link.views_each ? el('small', {}, `${count(link.views_each, 'view', 'views')} each`) : null;
	const waiting = reserved ? el('small', {}, `${reserved} reserved`) : null;
	const bar = limit ? el('progress', { max: limit, value: Math.min(used + reserved, limit), 'aria-hidden': 'true' }) : null;
	return [el('span', {}, limit ? `${used} of ${limit}` : `${used}, no limit`), bar, each, waiting];
}

// row draws link; act is what its buttons call.
export function row(link, act) {
	const name = nameOf(link);
	const dead = link.standing !== 'active' && link.standing !== 'suspended';
	const standing = link.standing === 'suspended'
		? button('Resume', 'secondary', `Resume ${name}`, () => act.stand(link, 'resume'))
		: button('Suspend', 'secondary', `Suspend ${name}`, () => act.stand(link, 'suspend'));
	return el('tr', { role: 'row', 'data-id': link.id },
		el('th', { role: 'rowheader', scope: 'row', dir: 'auto' },
			link.title ? el('span', { class: 'name' }, link.title) : null,
			el('code', {}, link.scope)),
		cell('Standing', chip(link), link.standing_reason ? el('small', {}, link.standing_reason) : null),
		cell('Views', ...views(link)),
		cell('Expires', link.expires_at ? when(link.expires_at) : 'never'),
		cell('Opens', String(link.opens ?? 0)),
		cell('Devices', String(link.devices ?? 0)),
		el('td', { role: 'cell', class: 'actions' },
			link.url ? button('Copy URL', 'secondary', `Copy the URL of ${name}`, () => act.copied(link.url)) : null,
			!dead && link.views.limit ? button('+1 view', 'secondary', `Add one view to ${name}`, () => act.addView(link)) : null,
			dead ? null : standing,
			button('Sessions', 'secondary', `Sessions of ${name}`, () => act.sessions(link)),
			dead ? null : button('Revoke', 'danger', `Revoke ${name}`, () => act.revoke(link))));
}

// address shows a URL as text, for copying; it is never made a link, since it
// came from outside the page.
export function address(label, url) {
	if (!url) return null;
	const code = el('code', { class: 'address' }, url);
	const done = el('span', { role: 'status' });
	const press = button('Copy', 'secondary', `Copy: ${label}`, async () => {
		if (await copy(url)) {
			done.textContent = 'Copied.';
		} else {
			getSelection().selectAllChildren(code);
			done.textContent = 'Marked: copy it by hand.';
		}
	});
	return el('div', { class: 'copyable' }, el('span', {}, label), code, press, done);
}
