// Forms of the console: fields with their labels, what was filled in, and the
// dialogs that ask once more.
import { byID, el } from './console-dom.js';

let made = 0;

// field draws a label, a control and a hint. kind is a type of input, "textarea",
// or a list of options: words, or [value, text].
export function field(name, label, { kind = 'text', value = '', hint, required, wide, min, list, placeholder } = {}) {
	const id = `f-${++made}-${name}`;
	const shared = { id, 'data-field': name, required, 'aria-describedby': hint && `${id}-hint` };
	let control;
	if (Array.isArray(kind)) {
		control = el('select', shared, kind.map((o) => (o instanceof Node ? o : el('option', { value: [o].flat()[0], selected: [o].flat()[0] === value }, [o].flat().at(-1)))));
	} else if (kind === 'textarea') {
		control = el('textarea', { ...shared, rows: 3, spellcheck: 'false' }, value);
	} else {
		control = el('input', {
			...shared, type: kind, value, min, list, placeholder, step: kind === 'number' ? 1 : null,
			autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none',
		});
	}
	return el('div', { class: wide ? 'field wide' : 'field' }, el('label', { for: id }, label), control,
		hint ? el('small', { id: `${id}-hint` }, hint) : null);
}

// wanted reads a form; empty fields are left out, which means "not said".
export function wanted(form) {
	const body = {};
	for (const control of form.querySelectorAll('[data-field]')) {
		control.removeAttribute('aria-invalid');
		const text = control.value.trim();
		if (text === '' || control.disabled) continue;
		body[control.dataset.field] = control.type === 'number' ? control.valueAsNumber : text;
	}
	return body;
}

// form draws fields and a button; work is called with what was filled in.
export function form(label, fields, send, ctx, work) {
	const press = el('button', { class: 'primary' }, send);
	const whole = el('form', { class: 'grid', 'aria-label': label }, ...fields, press);
	whole.addEventListener('submit', (event) => {
		event.preventDefault();
		if (press.disabled) return;
		press.disabled = true;
		ctx.trying(() => work(wanted(whole), whole), whole).finally(() => { press.disabled = false; });
	});
	return whole;
}

export const lines = (text) => (text ?? '').split(/[\n,]/).map((line) => line.trim()).filter(Boolean);

// ask opens the dialog and waits for an answer; null: nothing is to be done. word
// is what has to be typed; why: a reason is asked for, and is the answer.
export function ask({ heading, what, consequence, word, why, act }) {
	const dialog = byID('ask');
	const go = el('button', { class: 'danger', value: 'go', disabled: Boolean(word) }, act);
	const reason = why ? field('why', 'Reason, for the record') : null;
	const typed = word ? field('word', `Type ${word} to confirm`) : null;
	typed?.querySelector('input').addEventListener('input', (event) => {
		go.disabled = event.target.value.trim().toLowerCase() !== word.toLowerCase();
	});
	dialog.replaceChildren(el('form', { method: 'dialog' },
		el('h2', { id: 'ask-heading' }, heading), el('p', { dir: 'auto' }, el('strong', {}, what)), el('p', {}, consequence), reason, typed,
		el('div', { class: 'tools' }, el('button', { class: 'secondary', value: '' }, 'Keep it'), go)));
	// The Enter key presses a form's first button, which is the one that keeps.
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.addEventListener('close', () => {
			resolve(dialog.returnValue === 'go' ? reason?.querySelector('input').value.trim() ?? '' : null);
		}, { once: true });
	});
}
