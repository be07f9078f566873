// The page is built of nodes and text, never of markup: what a link's owner or
// a viewer's browser wrote stays text, whatever it looks like.
import { copy } from './copy.js';
import { away, local } from './time.js';

// el makes an element. Attributes that are false or null are left out, true
// ones stand alone; children are nodes or text, and null children are skipped.
export function el(name, attributes = {}, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === false || value == null) continue;
		element.setAttribute(key, value === true ? '' : value);
	}
	element.append(...children.flat().filter((child) => child != null && child !== false));
	return element;
}

// button makes a button that works once at a time: pressing it again does
// nothing while its work is under way.
export function button(text, kind, label, work) {
	const element = el('button', { type: 'button', class: kind, 'aria-label': label }, text);
	element.addEventListener('click', async () => {
		element.disabled = true;
		try {
			await work(element);
		} finally {
			element.disabled = false;
		}
	});
	return element;
}

export const byID = (id) => document.getElementById(id);

export const home = '/_usher/console';

// to leads to a screen of the console. Parts are escaped, so that no data ever
// makes an address that leads elsewhere.
export function to(parts, text, attributes = {}) {
	return el('a', { href: [home, ...parts.map(encodeURIComponent)].join('/'), 'data-screen': true, ...attributes }, text);
}

// count writes a number and its noun.
export const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

// bytes writes a size as one would say it.
export function bytes(n) {
	const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
	let step = 0;
	while (n >= 1000 && step < units.length - 1) {
		n /= 1000;
		step++;
	}
	return `${step === 0 ? n : n.toFixed(1)} ${units[step]}`;
}

// when shows a time as a distance, with the time itself on demand.
export function when(text, otherwise = 'never') {
	if (!text) return otherwise;
	const date = new Date(text);
	return el('time', { datetime: text, title: local(date) }, away(date));
}

// chip says a state as a word; its colour only repeats it.
export const chip = (word) => el('span', { class: 'chip', 'data-word': word }, word);

export const quiet = (...children) => el('p', { class: 'quiet' }, ...children);

export const code = (text) => el('code', { dir: 'auto' }, text);

// facts are names and what they are.
export function facts(...pairs) {
	return el('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, ...values]) => el('div', {}, el('dt', {}, name), el('dd', {}, ...values))));
}

// table draws rows of cells below their headings. The roles keep it a table for
// screen readers where the style makes cards of the rows. The first cell of a row
// is its heading.
export function table(label, headings, rows) {
	return el('table', { role: 'table', 'aria-label': label },
		el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, headings.map((h) => el('th', { role: 'columnheader', scope: 'col' }, h)))),
		el('tbody', { role: 'rowgroup' }, rows));
}

export function row(attributes, headings, cells) {
	return el('tr', { role: 'row', ...attributes }, cells.map((cell, i) => (i === 0
		? el('th', { role: 'rowheader', scope: 'row' }, cell)
		: el('td', { role: 'cell', 'data-label': headings[i], class: headings[i] === 'Actions' ? 'actions' : null }, cell))));
}

export const panel = (heading, ...children) => el('section', { class: 'panel', 'aria-label': heading }, el('h2', {}, heading), ...children);

// copyable shows a text for copying; it is never made a link, since it came from
// outside the page.
export function copyable(label, text) {
	if (!text) return null;
	const shown = el(text.includes('\n') ? 'pre' : 'code', { class: 'address' }, text);
	const done = el('span', { role: 'status' });
	const press = button('Copy', 'secondary', `Copy: ${label}`, async () => {
		if (await copy(text)) {
			done.textContent = 'Copied.';
		} else {
			getSelection().selectAllChildren(shown);
			done.textContent = 'Marked: copy it by hand.';
		}
	});
	return el('div', { class: 'copyable' }, el('span', {}, label), shown, press, done);
}
