// The console: signs in with an API key and shows the links.
import { API, Problem } from './api.js';
import { copy } from './copy.js';
import { byID, el } from './dom.js';
import { address, nameOf, row } from './row.js';
import { sessionsRow } from './sessions.js';

const store = 'usher-key';
const table = byID('links').tBodies[0];
let api;
let older;

// --- what is told ---

function news(text) {
	byID('problem').replaceChildren();
	byID('news').textContent = text;
}

// tell shows what went wrong, at the field where the API named one.
function tell(problem) {
	if (!(problem instanceof Problem)) throw problem;
	if (problem.status === 401) signOut();
	byID('news').textContent = '';
	byID('problem').replaceChildren(el('strong', {}, 'That did not work'), el('span', {}, problem.message));
	const field = problem.field && document.querySelector(`[data-field="${CSS.escape(problem.field)}"]`);
	if (!field) return;
	field.setAttribute('aria-invalid', 'true');
	field.focus();
}

// trying runs work and tells its problem, if it has one.
async function trying(work) {
	try {
		await work();
	} catch (problem) {
		tell(problem);
	}
}

// --- signing in ---

function show(signedIn) {
	byID('sign-in').hidden = signedIn;
	byID('desk').hidden = !signedIn;
	byID('tools').hidden = !signedIn;
	if (!signedIn) byID('key').focus();
}

function signOut() {
	sessionStorage.removeItem(store);
	api = undefined;
	table.replaceChildren();
	byID('created').replaceChildren();
	show(false);
}

async function signIn(key) {
	api = new API(document.body.dataset.api, key);
	try {
		await load();
		sessionStorage.setItem(store, key);
		show(true);
	} catch (problem) {
		show(false);
		tell(problem);
	}
}

// keyFromAddress takes the key out of the fragment, which no server ever sees,
// and out of the address bar and the history before anything else happens.
function keyFromAddress() {
	const key = new URLSearchParams(location.hash.slice(1)).get('key');
	if (key) history.replaceState(null, '', location.pathname + location.search);
	return key;
}

// --- links ---

const act = {
	copied: async (url) => news(await copy(url) ? 'Copied the URL.' : `The browser does not allow copying here: ${url}`),
	addView: (link) => trying(async () => {
		replace(await api.addViews(link.id, 1));
		news(`One more view on ${nameOf(link)}.`);
	}),
	stand: (link, verb) => trying(async () => {
		replace(await api.stand(link.id, verb, 'from the console'));
		news(`${nameOf(link)}: ${verb === 'suspend' ? 'suspended' : 'resumed'}.`);
	}),
	revoke: (link) => trying(async () => {
		const why = await confirmRevoke(link);
		if (why === null) return;
		replace(await api.stand(link.id, 'revoke', why));
		news(`${nameOf(link)}: revoked.`);
	}),
	sessions: (link) => trying(() => toggleSessions(link)),
};

const rowOf = (id) => table.querySelector(`[data-id="${CSS.escape(id)}"]`);

// replace draws a link anew in its place. The keyboard's place is kept: the
// button that was pressed is gone with the old row.
function replace(link) {
	const old = rowOf(link.id);
	const focused = [...old.querySelectorAll('button')].indexOf(document.activeElement);
	const fresh = row(link, act);
	old.replaceWith(fresh);
	if (focused >= 0) (fresh.querySelectorAll('button')[focused] ?? fresh.querySelector('button')).focus();
}

async function load(cursor) {
	const { links, next } = await api.links(cursor);
	const rows = links.map((link) => row(link, act));
	if (cursor) table.append(...rows);
	else table.replaceChildren(...rows);
	older = next;
	byID('more').hidden = !next;
	settle();
}

// settle shows the table, or the words in its place.
function settle() {
	const any = table.rows.length > 0;
	byID('links').hidden = !any;
	byID('empty').hidden = any;
	if (!any) byID('new').open = true;
}

async function toggleSessions(link) {
	const home = rowOf(link.id);
	const open = home.nextElementSibling;
	if (open?.classList.contains('below')) {
		open.remove();
		return;
	}
	const { sessions } = await api.sessions(link.id);
	const end = (session) => trying(async () => {
		await api.endSession(session.id, link.id);
		rowOf(link.id).nextElementSibling.remove();
		await toggleSessions(link);
		news('Session ended.');
	});
	home.after(sessionsRow(sessions, end));
}

// confirmRevoke asks until the word is typed; null: keep the link.
function confirmRevoke(link) {
	const dialog = byID('revoke');
	byID('revoke-what').textContent = nameOf(link);
	byID('revoke-word').value = '';
	byID('revoke-why').value = '';
	byID('revoke-do').disabled = true;
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.addEventListener('close', () => {
			resolve(dialog.returnValue === 'revoke' ? byID('revoke-why').value : null);
		}, { once: true });
	});
}

// wanted reads the form; empty fields are left out, which means "no limit".
function wanted(form) {
	const link = {};
	for (const field of form.querySelectorAll('[data-field]')) {
		field.removeAttribute('aria-invalid');
		if (field.value.trim() === '') continue;
		link[field.dataset.field] = field.type === 'number' ? field.valueAsNumber : field.value.trim();
	}
	return link;
}

// --- wiring ---

byID('sign-in').addEventListener('submit', (event) => {
	event.preventDefault();
	const key = byID('key').value.trim();
	byID('key').value = '';
	news('');
	signIn(key);
});

byID('create').addEventListener('submit', (event) => {
	event.preventDefault();
	trying(async () => {
		const link = await api.create(wanted(event.target));
		table.prepend(row(link, act));
		settle();
		byID('created').replaceChildren(el('strong', {}, 'The link is ready'),
			...[address('Share link', link.url), address('Address for players', link.media_url)].filter(Boolean));
		news('');
	});
});

byID('revoke-word').addEventListener('input', (event) => {
	byID('revoke-do').disabled = event.target.value.trim().toLowerCase() !== 'revoke';
});

byID('refresh').addEventListener('click', () => trying(async () => {
	await load();
	news('Up to date.');
}));
byID('more').addEventListener('click', () => trying(() => load(older)));
byID('sign-out').addEventListener('click', () => {
	signOut();
	news('Signed out.');
});

// A console address with a key may be opened in a tab that shows the console.
window.addEventListener('hashchange', () => {
	const key = keyFromAddress();
	if (key) signIn(key);
});

const known = keyFromAddress() ?? sessionStorage.getItem(store);
if (known) signIn(known);
else show(false);
