// Problem is an error that the API described (RFC 9457), or that kept it from
// being asked. Its message is for people.
export class Problem extends Error {
	constructor(status, { type, title, detail, field } = {}) {
		super([title, detail].filter(Boolean).join(': ') || `The gateway answered ${status}`);
		this.status = status;
		this.field = field;
		this.slug = (type ?? '').split('/').pop();
	}
}

const part = encodeURIComponent;

// path writes an address of the API. Every value is escaped: p`/links/${id}`.
export const p = (texts, ...values) => texts.reduce((all, text, i) => all + part(values[i - 1]) + text);

// query writes parameters, without those that are empty.
export function query(path, parameters) {
	const given = Object.entries(parameters).filter(([, value]) => value);
	return given.length ? `${path}?${given.map(([k, v]) => `${k}=${part(v)}`).join('&')}` : path;
}

// API talks to the management API: with a key, or, where there is none, by the
// sign-in cookie, which the browser sends by itself.
export class API {
	constructor(base, key) {
		this.base = base;
		this.key = key;
		this.calls = [];
		this.noted = () => {};
	}

	// quietly is the same without a note of it: for what many rows ask, each for itself.
	get quietly() { return new API(this.base, this.key); }

	get(path) { return this.ask('GET', path); }
	post(path, body = {}) { return this.ask('POST', path, body); }
	patch(path, body) { return this.ask('PATCH', path, body); }
	put(path, body) { return this.ask('PUT', path, body); }
	delete(path) { return this.ask('DELETE', path); }

	headers(more) {
		return { ...(this.key && { Authorization: `Bearer ${this.key}` }), ...more };
	}

	// open sends a request and returns the answer, its body unread.
	async open(method, path, { body, signal, accept } = {}) {
		this.note(method, path, body);
		let answer;
		try {
			answer = await fetch(this.base + path, {
				method, signal, body: body && JSON.stringify(body),
				headers: this.headers({ ...(method !== 'GET' && { 'Content-Type': 'application/json' }), ...(accept && { Accept: accept }) }),
				cache: 'no-store',
				credentials: this.key ? 'omit' : 'same-origin',
				// The API is asked where it is, or not at all: the key goes nowhere else.
				redirect: 'error',
			});
		} catch (failed) {
			if (signal?.aborted) throw failed;
			throw new Problem(0, { title: 'The gateway cannot be reached', detail: 'check the network and try again' });
		}
		if (!answer.ok) throw new Problem(answer.status, (await answer.json().catch(() => null)) ?? {});
		return answer;
	}

	async ask(method, path, body) {
		const answer = await this.open(method, path, { body });
		return (await answer.json().catch(() => null)) ?? {};
	}

	// note remembers what a screen asked, the last change, and nothing twice.
	note(method, path, body) {
		const call = { method, url: location.origin + this.base + path, body };
		const reads = method === 'GET';
		this.calls = this.calls.filter((c) => (reads ? c.url !== call.url || c.method !== 'GET' : c.method === 'GET'));
		this.calls.push(call);
		if (this.calls.length > 8) this.calls.splice(this.calls[0].method === 'GET' ? 0 : 1, 1);
		this.noted();
	}
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

// curl writes a call for a shell. The key is never in it.
export function curl({ method, url, body }) {
	const words = ['curl', ...(method === 'GET' ? [] : ['-X', method]), '-H "Authorization: Bearer $USHER_KEY"'];
	if (method !== 'GET') words.push(`-H 'Content-Type: application/json'`);
	if (body) words.push('-d', quoted(JSON.stringify(body)));
	return [...words, quoted(url)].join(' ');
}
