// The page is built of nodes and text, never of markup: what a link's owner or
// a viewer's browser wrote stays text, whatever it looks like.

// el makes an element. Attributes that are false or null are left out, true
// ones stand alone; children are nodes or text, and null children are skipped.
export function el(name, attributes = {}, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === false || value == null) continue;
		element.setAttribute(key, value === true ? '' : value);
	}
	element.append(...children.filter((child) => child != null));
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
