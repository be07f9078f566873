// The page's form asks the browser's authenticator when it is sent, and takes the
// answer along. Bytes travel as base64url (WebAuthn section 5.1). The newer
// parseCreationOptionsFromJSON and toJSON are not in every browser yet.

const form = document.getElementById('passkey');
const makes = form.dataset.makes === 'true';

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
	.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const known = (list = []) => list.map((item) => ({ ...item, id: bytes(item.id) }));

// options are what the server asks for, with bytes in the place of text.
function options() {
	const asked = JSON.parse(form.dataset.options);
	asked.challenge = bytes(asked.challenge);
	if (makes) {
		asked.user.id = bytes(asked.user.id);
		asked.excludeCredentials = known(asked.excludeCredentials);
	} else {
		asked.allowCredentials = known(asked.allowCredentials);
	}
	return asked;
}

// answer is what the authenticator said, as JSON.
function answer({ id, rawId, type, authenticatorAttachment, response }) {
	const said = { clientDataJSON: text(response.clientDataJSON) };
	if (makes) {
		said.attestationObject = text(response.attestationObject);
		said.transports = response.getTransports?.() ?? [];
	} else {
		said.authenticatorData = text(response.authenticatorData);
		said.signature = text(response.signature);
		if (response.userHandle) said.userHandle = text(response.userHandle);
	}
	return JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, clientExtensionResults: {}, response: said });
}

const show = (id, shown) => { document.getElementById(id).hidden = !shown; };

const button = form.querySelector('button');
if (!window.PublicKeyCredential) {
	show('cannot', true);
	button.disabled = true;
}

form.addEventListener('submit', async (event) => {
	event.preventDefault();
	button.disabled = true;
	show('failed', false);
	try {
		const publicKey = options();
		const made = await (makes ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
		form.elements.response.value = answer(made);
		form.submit();
	} catch (error) {
		// A host name that passkeys cannot be for is a fault of the site, not of the person.
		show(error.name === 'SecurityError' ? 'cannot' : 'failed', true);
		button.disabled = false;
	}
});
