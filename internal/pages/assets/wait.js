// A page that waits for a change works without this script: it then loads itself
// anew now and then. With it, the page stays as it is until there is something
// new to show. Asking is by HEAD, which counts as no opening and no view.

const longest = 60; // seconds

// ask asks until the question is answered, slower and slower, and not while
// nobody looks at the page. question returns whether to go on.
export function ask(question, pause) {
	const wait = pause * (0.9 + Math.random() / 5); // many pages may wait for the same change
	setTimeout(async () => {
		while (document.hidden) {
			await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
		}
		if (await question()) ask(question, Math.min(pause * 1.5, longest));
	}, wait * 1000);
}

const page = document.querySelector('[data-look]');
if (page) {
	const { look, heard, pause } = page.dataset;
	ask(async () => {
		let answer;
		try {
			answer = await fetch(look, { method: 'HEAD', cache: 'no-store', redirect: 'manual' });
		} catch {
			return true; // no network: that is no news of the link
		}
		if (`${answer.status} ${answer.headers.get('Usher-Reason') ?? ''}`.trim() === heard) return true;
		location.replace(look);
		return false;
	}, Number(pause));
}
