// API keys, and the keys that links and sessions are signed with.
import { p } from './console-api.js';
import { button, chip, code, copyable, el, panel, quiet, row, table, when } from './console-dom.js';
import { ask, field, form } from './console-form.js';

const headings = ['Key', 'Scope', 'Of', 'Made', 'Ends', 'Actions'];
const signing = ['Key', 'Use', 'State', 'Made'];

export async function keys(ctx) {
	const [{ apikeys }, ring] = await Promise.all([ctx.api.get('/apikeys'), ctx.api.get('/keys')]);
	const changes = ctx.me.may('keys');
	const made = el('div', { class: 'created', role: 'status' });
	const revoke = (key) => ctx.trying(async () => {
		const sure = await ask({ heading: 'Revoke this API key?', what: key.name, consequence: 'Nothing can ask with it from the next request on.', act: 'Revoke' });
		if (sure === null) return;
		await ctx.api.delete(p`/apikeys/${key.id}`);
		await ctx.go();
		ctx.news(`${key.name}: revoked.`);
	});
	const line = (key) => row({ 'data-id': key.id }, headings, [
		[el('span', { class: 'name', dir: 'auto' }, key.name), code(key.id)], chip(key.scope),
		key.person ? code(key.person) : 'operator', when(key.created_at), when(key.expires_at),
		changes ? button('Revoke', 'danger', `Revoke the key ${key.name}`, () => revoke(key)) : ''].slice(0, headings.length));
	const rows = el('div', {}, table('API keys', headings, apikeys.map(line)));
	const create = form('New API key', [
		field('name', 'Name', { required: true, hint: 'Whose it is, or what it is for' }),
		field('scope', 'Scope', { kind: ['read', 'manage'] }),
		field('expires_in', 'Ends in', { value: '90d', hint: '24h, 90d; empty: never' }),
	], 'Make key', ctx, async (body) => {
		const key = await ctx.api.post('/apikeys', body);
		rows.querySelector('tbody').prepend(line(key));
		made.replaceChildren(el('strong', {}, 'The key is shown once. Keep it now.'), copyable('API key', key.key));
	});
	return {
		heading: 'Keys',
		content: [
			changes ? panel('New API key', create, made) : null,
			el('h2', {}, 'API keys'), rows,
			el('h2', {}, 'Signing keys'), quiet('Links and sessions are signed with these. They are rotated with usher key rotate.'),
			table('Signing keys', signing, ring.keys.map((key) => row({}, signing, [code(key.id), key.use, chip(key.state), when(key.created_at, '–')]))),
		],
	};
}
