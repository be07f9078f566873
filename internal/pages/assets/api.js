// Problem is an error that the API described (RFC 9457), or that kept it from
// being asked. Its message is for people.
export class Problem extends Error {
	constructor(status, { title, detail, field } = {}) {
		super([title, detail].filter(Boolean).join(': ') || `The gateway answered ${status}`);
		this.status = status;
		this.field = field;
	}
}

// API talks to the management API with a key.
export class API {
	constructor(base, key) {
		this.base = base;
		this.key = key;
	}

	links(cursor) {
		return this.ask('GET', `/links?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
	}

	create(link) { return this.ask('POST', '/links', link); }

	addViews(id, n) { return this.ask('PATCH', this.link(id), { add_views: n }); }

	// stand says what becomes of a link: verb is suspend, resume or revoke.
	stand(id, verb, why) { return this.ask('POST', `${this.link(id)}/${verb}`, { why }); }

	sessions(id) { return this.ask('GET', `/sessions?link=${encodeURIComponent(id)}`); }

	endSession(id, link) {
		return this.ask('POST', `/sessions/${encodeURIComponent(id)}/end?link=${encodeURIComponent(link)}`, {});
	}

	link(id) { return `/links/${encodeURIComponent(id)}`; }

	async ask(method, path, body) {
		let answer;
		try {
			answer = await fetch(this.base + path, {
				method,
				body: body && JSON.stringify(body),
				headers: { Authorization: `Bearer ${this.key}`, ...(body && { 'Content-Type': 'application/json' }) },
				cache: 'no-store',
				// The API is asked where it is, or not at all: the key goes nowhere else.
				redirect: 'error',
			});
		} catch {
			throw new Problem(0, { title: 'The gateway cannot be reached', detail: 'check the network and try again' });
		}
		const json = await answer.json().catch(() => null);
		if (!answer.ok) throw new Problem(answer.status, json ?? {});
		return json ?? {};
	}
}
