// What happens, as it happens: a stream of server-sent events. It is read by
// fetch and not by EventSource, which cannot send a key. Where the server has no
// such stream, the listing is asked every few seconds.
const every = 4000;

// blocks splits a stream into its events.
async function* blocks(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let text = '';
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		text += value;
		const parts = text.split(/\r?\n\r?\n/);
		text = parts.pop();
		yield* parts;
	}
}

// parsed reads one event; undefined: it is a comment.
function parsed(block) {
	let name = 'message';
	const data = [];
	for (const line of block.split(/\r?\n/)) {
		if (line.startsWith('event:')) name = line.slice(6).trim();
		if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
	}
	return data.length ? { name, data: JSON.parse(data.join('\n')) } : undefined;
}

// follow calls told for each event of the stream at path, until it is stopped.
// Each time that a stream begins again, and where there is none every few seconds,
// look is called, which reads the listing.
export function follow(api, path, told, look, says = () => {}) {
	const end = new AbortController();
	const pause = () => new Promise((resolve) => {
		const timer = setTimeout(resolve, every);
		end.signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
	});
	(async () => {
		let streams = true;
		let again = false;
		while (!end.signal.aborted) {
			try {
				if (streams) {
					const answer = await api.open('GET', path, { signal: end.signal, accept: 'text/event-stream' });
					says('live');
					// What came between two streams is in the listing.
					if (again) await look();
					again = true;
					for await (const block of blocks(answer.body)) {
						const event = parsed(block);
						if (event) await told(event);
					}
				} else {
					await look();
					says(`looked at every ${every / 1000} seconds`);
				}
			} catch (problem) {
				if (problem.status === 404) streams = false;
				if (problem.status === 401 || problem.status === 403) return;
				if (!end.signal.aborted) says(streams ? 'interrupted, trying again' : `looked at every ${every / 1000} seconds`);
				if (problem.status === 404) continue;
			}
			await pause();
		}
	})();
	return () => end.abort();
}
