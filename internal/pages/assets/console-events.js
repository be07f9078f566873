// Events: what was done, by whom, and what viewers met.
import { query } from './console-api.js';
import { button, chip, code, el, home, quiet, row, table, to, when } from './console-dom.js';
import { field, form } from './console-form.js';
import { follow } from './console-stream.js';

const headings = ['Event', 'When', 'By', 'About'];
const places = { link: 'links', collection: 'collections', group: 'groups', person: 'people' };
const plain = ['id', 'time', 'type', 'by', 'by_person'];

// about lists what an event names, as ways to it.
function about(event) {
	return Object.entries(event).filter(([name]) => !plain.includes(name)).map(([name, value]) => el('small', {}, `${name} `,
		places[name] && /^[a-z]{3}_[0-9a-v]{20}$/.test(value) ? to([places[name], value], value) : el('span', { dir: 'auto' }, String(value))));
}

const line = (event) => row({ 'data-id': event.id }, headings, [
	chip(event.type), when(event.time), code(event.by ?? '–'), about(event)]);

// list is a table of events with what is older below; null: this server keeps none.
async function list(ctx, filter) {
	let first;
	try {
		first = await ctx.api.get(query('/events', filter));
	} catch (problem) {
		if (problem.status === 404) return null;
		throw problem;
	}
	const whole = table('Events', headings, first.events.map(line));
	const rows = whole.tBodies[0];
	const none = quiet('Nothing has happened yet.');
	let { next } = first;
	const older = button('Show older events', 'secondary', null, () => ctx.trying(async () => {
		const page = await ctx.api.get(query('/events', { ...filter, cursor: next }));
		rows.append(...page.events.map(line));
		next = page.next;
		settle();
	}));
	const settle = () => {
		whole.hidden = !rows.rows.length;
		none.hidden = !whole.hidden;
		older.hidden = !next;
	};
	settle();
	const add = (event) => {
		if (rows.querySelector(`[data-id="${CSS.escape(event.id)}"]`)) return;
		rows.prepend(line(event));
		settle();
	};
	return { content: [none, whole, older], add };
}

// timeline is what happened to a link.
export async function timeline(ctx, link) {
	const shown = await list(ctx, { link });
	return shown && el('section', { 'aria-label': 'Timeline' }, el('h2', {}, 'Timeline'), ...shown.content);
}

// events is the screen of all of them, with a filter that is kept in the address.
// New ones come on top by themselves.
export async function events(ctx, { query: asked }) {
	const filter = { type: asked.get('type') ?? '', since: asked.get('since') ?? '' };
	const shown = await list(ctx, filter);
	if (!shown) return { heading: 'Events', content: [quiet('This server keeps no events.')] };
	const state = el('span', { role: 'status' });
	const look = async () => {
		for (const event of (await ctx.api.get(query('/events', filter))).events.reverse()) shown.add(event);
	};
	const told = ({ name, data }) => (name === 'gap' ? look() : shown.add(data));
	const stop = follow(ctx.api, query('/events/stream', { type: filter.type }), told, look, (text) => { state.textContent = text; });
	const pick = form('Filter', [
		field('type', 'Type', { value: filter.type, placeholder: 'link.revoked', hint: 'Empty: all' }),
		field('since', 'Since', { value: filter.since, placeholder: '24h', hint: '90m, 24h, 7d' }),
	], 'Show', ctx, (body) => ctx.go(query(`${home}/events`, body)));
	return { heading: 'Events', content: [pick, quiet('This list is ', state), ...shown.content], stop };
}
