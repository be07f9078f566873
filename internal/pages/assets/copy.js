// copy puts text on the clipboard and says whether that worked. Browsers allow
// it on https and loopback only, so a plain-http site has to do without.
export async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return false;
	}
}

// select marks an element's text, for copying by hand.
export function select(element) {
	getSelection().selectAllChildren(element);
}
