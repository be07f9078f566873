// The console: who asks, which screen the address names, and what went wrong.
import { API, Problem, curl } from './console-api.js';
import { collection, collections } from './console-collections.js';
import { byID, copyable, el, home, to } from './console-dom.js';
import { events } from './console-events.js';
import { group, groups } from './console-groups.js';
import { health } from './console-health.js';
import { keys } from './console-keys.js';
import { link } from './console-link.js';
import { links } from './console-links.js';
import { Me } from './console-me.js';
import { people, person } from './console-people.js';
import { sessions } from './console-sessions.js';

const store = 'usher-key';
// Screens by the first part of their address: the list, one of it, its name, and
// the permission by which it is worth going there.
const screens = {
	links: { list: links, one: link, name: 'Links' },
	collections: { list: collections, one: collection, name: 'Collections' },
	people: { list: people, one: person, name: 'People', needs: 'directory' },
	groups: { list: groups, one: group, name: 'Groups', needs: 'directory' },
	sessions: { list: sessions, name: 'Sessions', needs: 'private-stats' },
	events: { list: events, name: 'Events' },
	keys: { list: keys, name: 'Keys', needs: 'keys' },
	health: { list: health, name: 'Health', needs: 'usage' },
};

let ctx;
let shown = 0;

// --- what is told ---

function news(...what) {
	byID('problem').replaceChildren();
	byID('news').replaceChildren(...what.filter(Boolean));
}

// tell shows what went wrong, at the field where the API named one.
function tell(problem, where = document) {
	if (!(problem instanceof Problem)) throw problem;
	if (problem.status === 401) leave();
	byID('news').replaceChildren();
	byID('problem').replaceChildren(el('strong', {}, 'That did not work'), el('span', {}, problem.message));
	const field = problem.field && where.querySelector(`[data-field="${CSS.escape(problem.field)}"]`);
	if (field) {
		field.setAttribute('aria-invalid', 'true');
		field.focus();
	}
}

// trying runs work and tells its problem, if it has one.
async function trying(work, where) {
	try {
		return await work();
	} catch (problem) {
		tell(problem, where);
		return undefined;
	}
}

// --- who asks ---

function door(open) {
	byID('door').hidden = !open;
	for (const id of ['nav', 'calls']) byID(id).hidden = open;
	if (!open) return;
	for (const id of ['sign-out', 'forget']) byID(id).hidden = true;
	byID('who').textContent = '';
	byID('view').replaceChildren();
	document.title = 'Sign in: Usher console';
	// The way back is an address of this page, which the server checks once more.
	byID('to-sign-in').href = `${document.body.dataset.signin}?next=${encodeURIComponent(location.pathname + location.search)}`;
}

// leave forgets who asked, and all that was shown to them.
function leave() {
	ctx?.stop?.();
	ctx = undefined;
	shown++;
	sessionStorage.removeItem(store);
	door(true);
}

async function enter(key) {
	leave();
	const api = new API(document.body.dataset.api, key);
	try {
		const me = new Me(await api.get('/me'));
		api.calls = [];
		if (key) sessionStorage.setItem(store, key);
		ctx = { api, me, news, trying, go };
		api.noted = () => byID('curls').replaceChildren(...api.calls.map((call) => copyable(call.method === 'GET' ? 'Asked' : 'The last change', curl(call))));
		byID('who').textContent = me.name;
		byID('sign-out').hidden = Boolean(key);
		byID('forget').hidden = !key;
		news();
		door(false);
		await show();
	} catch (problem) {
		// Nobody is signed in: that is no fault, unless a key was tried.
		if (problem.status === 401 && !key) door(true);
		else tell(problem);
		if (key) byID('key').focus();
	}
}

// keyFromAddress takes the key out of the fragment, which no server ever sees,
// and out of the address bar and the history before anything else happens.
function keyFromAddress() {
	const key = new URLSearchParams(location.hash.slice(1)).get('key');
	if (key) history.replaceState(null, '', location.pathname + location.search);
	return key;
}

// --- screens ---

function here() {
	const [name = 'links', id] = location.pathname.slice(home.length + 1).split('/').filter(Boolean);
	return { name, id, query: new URLSearchParams(location.search) };
}

function navigation(name) {
	byID('nav').replaceChildren(el('ul', {}, Object.entries(screens)
		.filter(([, s]) => !s.needs || ctx.me.sees(s.needs))
		.map(([key, s]) => el('li', {}, to([key], s.name, { 'aria-current': key === name && 'page' })))));
}

// show draws the screen that the address names, anew or after a change on it.
async function show(focus, anew = true) {
	const turn = ++shown;
	const at = here();
	ctx.stop?.();
	ctx.stop = undefined;
	ctx.api.calls = ctx.api.calls.filter((call) => call.method !== 'GET' && !anew);
	navigation(at.name);
	const screen = screens[at.name];
	document.title = `${screen.name}: Usher console`;
	await trying(async () => {
		const { heading, content, stop } = await (at.id ? screen.one : screen.list)(ctx, at);
		if (turn !== shown) { // somebody went on meanwhile
			stop?.();
			return;
		}
		ctx.stop = stop;
		const title = el('h1', { tabindex: '-1', dir: 'auto' }, heading);
		byID('view').replaceChildren(title, ...content.flat().filter(Boolean));
		document.title = `${heading}: Usher console`;
		if (focus) title.focus();
	});
}

// go leads to an address; without one the screen is drawn anew. Replacing keeps
// the history short while somebody filters.
async function go(address, { replace } = {}) {
	if (address) history[replace ? 'replaceState' : 'pushState'](null, '', address);
	await show(Boolean(address) && !replace, Boolean(address));
}

document.addEventListener('click', (event) => {
	const a = event.target.closest('a[data-screen]');
	if (!a || !ctx || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	news();
	go(a.pathname + a.search);
});

addEventListener('popstate', () => ctx && show(true));

// A console address with a key may be opened in a tab that shows the console.
addEventListener('hashchange', () => {
	const key = keyFromAddress();
	if (key) enter(key);
});

byID('sign-in').addEventListener('submit', (event) => {
	event.preventDefault();
	const key = byID('key').value.trim();
	byID('key').value = '';
	enter(key);
});

byID('forget').addEventListener('click', () => {
	leave();
	news('Signed out.');
});

enter(keyFromAddress() ?? sessionStorage.getItem(store));
