// The form for a new link, and what is given out when it is made.
import { byID, copyable, count, el, home, to } from './console-dom.js';
import { field, form, lines } from './console-form.js';
import { nameOf } from './console-row.js';
import { local } from './time.js';

// letter is what an owner may paste into a mail.
function letter(link) {
	const limits = [
		link.views.limit && `It is good for ${count(link.views.limit, 'view', 'views')}.`,
		link.views_each && `Everybody may watch ${count(link.views_each, 'time', 'times')}.`,
		link.expires_at && `It ends on ${local(new Date(link.expires_at))}.`,
	].filter(Boolean);
	return [`Here is the link to "${nameOf(link)}":`, '', link.url, '', 'Open it and press Watch.', ...limits].join('\n');
}

export const given = (link) => [
	copyable('Share link', link.url), copyable('Address for players', link.media_url), copyable('Text for a mail', letter(link)),
];

// tighter is what a copy of a link sets: the same thing, for one who watches once,
// and no longer than the link itself.
function tighter(from) {
	const day = 86400e3;
	const left = from.expires_at ? new Date(from.expires_at) - Date.now() : day;
	return {
		path: from.scope, collection: from.collection_name ?? '', title: from.title ?? '', views: 1, views_each: 1,
		expires_in: left > 60e3 ? `${Math.floor(Math.min(left, day) / 60e3)}m` : '24h', entry: from.entry,
	};
}

// presets is the picker; the sentence of the chosen one stands below it.
function presets() {
	const none = el('option', { value: '' }, 'none');
	const picker = field('preset', 'Preset', { kind: [none, ...document.importNode(byID('presets').content, true).children], hint: 'What it sets, the fields beside it may say otherwise' });
	const [select, hint] = [picker.querySelector('select'), picker.querySelector('small')];
	return { picker, chosen: (work) => select.addEventListener('change', () => {
		const option = select.selectedOptions[0];
		hint.textContent = option.dataset.sentence ?? 'No limits but those beside it';
		work(option);
	}) };
}

// newLink is the form in its panel. known are links and collections whose paths it
// offers, from the link that is to be copied, if any; made is called with the link.
export function newLink(ctx, { known, collections, from, open }, made) {
	const start = from ? tighter(from) : { expires_in: '48h' };
	const { picker, chosen } = presets();
	const persons = field('for', 'For', { hint: 'Addresses of persons; empty: whoever has it', value: '' });
	const ends = field('expires_in', 'Ends in', { value: start.expires_in, hint: '30m, 48h, 7d' });
	const done = el('div', { class: 'created', role: 'status' });
	const fields = [
		field('path', 'Path', { value: start.path, wide: true, placeholder: '/acme/demo/*', list: 'paths', hint: 'A file, or a folder ending in /*' }),
		collections.length ? field('collection', 'Collection', { kind: [['', 'by path'], ...collections.map((c) => c.name)], value: start.collection, hint: 'Or all of a collection' }) : null,
		field('title', 'Title', { value: start.title, wide: true, hint: 'Viewers see it; may stay empty' }),
		picker,
		field('views', 'Views', { kind: 'number', min: 1, value: start.views, hint: 'Empty: no limit' }),
		field('views_each', 'Views each', { kind: 'number', min: 1, value: start.views_each, hint: 'For every viewer' }),
		ends, persons,
	];
	const create = form('New link', fields, 'Create link', ctx, async (body) => {
		if (body.for) body.for = lines(body.for);
		if (start.entry) body.entry = start.entry;
		const link = await ctx.api.post('/links', body);
		done.replaceChildren(el('h3', {}, 'The link is ready'), ...given(link), to(['links', link.id], 'Look at the link'));
		done.scrollIntoView({ block: 'nearest' });
		ctx.news();
		made(link);
	});
	chosen((option) => {
		// A preset says itself how long; what was filled in would win over it.
		ends.querySelector('input').value = option.value ? '' : start.expires_in;
		persons.querySelector('input').required = 'persons' in option.dataset;
	});
	const paths = [...new Set([...known.map((l) => l.scope), ...collections.flatMap((c) => c.paths ?? [])])];
	return el('details', { class: 'panel', id: 'new', open },
		el('summary', {}, from ? 'Duplicate with tighter limits' : 'New link'),
		el('datalist', { id: 'paths' }, paths.map((path) => el('option', { value: path }))), create, done);
}

export const duplicate = (link) => `${home}/links?from=${encodeURIComponent(link.id)}`;
