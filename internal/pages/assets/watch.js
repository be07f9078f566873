// The watch page works without this script. It adds two things: a plain
// sentence in place of a dead player, and a button that copies the address.
import { copy, select } from './copy.js';
import { ask } from './wait.js';

const video = document.querySelector('video');
const notice = document.getElementById('notice');

// What the page says, in its language: the server wrote it down.
const words = document.getElementById('words').content;
const said = (name) => words.querySelector(`[data-said="${name}"]`);

// say puts a sentence into the live region. What is left to do decides what
// stays beside it: "again" the player, "elsewhere" the address for other apps,
// "over" nothing.
function say(sentence, left) {
	const strong = document.createElement('strong');
	strong.textContent = sentence.dataset.heading;
	const text = document.createElement('span');
	text.textContent = sentence.textContent;
	notice.replaceChildren(strong, text);
	if (document.fullscreenElement) document.exitFullscreen(); // the sentence is outside
	if (left !== 'again') {
		video.pause();
		show(false, left === 'over');
		return;
	}
	const button = document.createElement('button');
	button.type = 'button';
	button.className = 'secondary';
	button.textContent = said('again').textContent;
	button.addEventListener('click', resume);
	notice.append(button);
}

function show(screen, over) {
	video.parentElement.hidden = !screen;
	document.querySelector('main').classList.toggle('over', over);
}

// resume starts the player anew where it stood; inside an open view that costs
// nothing.
function resume() {
	const at = video.currentTime;
	notice.replaceChildren();
	show(true, false);
	video.load();
	video.addEventListener('loadedmetadata', () => { video.currentTime = at; }, { once: true });
	video.play().catch(() => {}); // the viewer may have to press Play; the controls say so
}

// head asks the gateway about the media. A browser tells a script only that it
// stopped; the answer to a HEAD carries the reason, and asking by HEAD never
// counts as a view. Nothing: there was no answer.
async function head() {
	const address = video.currentSrc || video.querySelector('source:last-of-type').src;
	try {
		return await fetch(address, { method: 'HEAD', cache: 'no-store' });
	} catch {
		return null;
	}
}

// explain says why the media stopped. patient says nothing where all is well.
async function explain(patient = false) {
	const answer = await head();
	if (!answer) {
		say(said('lost'), 'again');
		return;
	}
	if (answer.ok) {
		if (patient) return;
		if (video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) say(said('cannot'), 'elsewhere');
		else say(said('stopped'), 'again');
		return;
	}
	tell(answer);
}

// over: asking again at once does not help.
const over = (answer) => answer.status !== 429 && answer.status < 500;

// glance notices that the link is closed while the player still has media ahead.
async function glance() {
	const answer = await head();
	if (answer && !answer.ok && over(answer) && !notice.hasChildNodes()) tell(answer);
}

// tell says what the gateway answered.
function tell(answer) {
	const reason = answer.headers.get('Usher-Reason') ?? '';
	const sentence = [...words.querySelectorAll('[data-reason]')].find((p) => p.dataset.reason === reason);
	const left = over(answer) ? 'over' : 'again';
	say(sentence ?? said('unknown'), left);
	if (left === 'over' && sentence && 'waits' in sentence.dataset) wait();
	if (reason === 'replaced') takeOver();
}

// takeOver leads to the page, drawn anew, that knows how to get the seat back.
function takeOver() {
	const link = document.createElement('a');
	link.className = 'button primary';
	link.href = location.pathname;
	link.textContent = said('here').textContent;
	notice.append(link);
}

// wait goes on by itself once the owner has opened the link again, or added
// views: whoever looks at this page waits for it.
let waits = false;
function wait() {
	const text = document.createElement('span');
	text.textContent = said('looks').textContent;
	notice.append(text);
	if (waits) return;
	waits = true;
	ask(async () => {
		const answer = await head();
		waits = !answer?.ok;
		if (!waits) resume();
		return waits;
	}, 2);
}

// check looks whether the player has given up. No single event says so: every
// <source> that cannot be used reports an error, the browser then tries the
// next one, and all of it may be over before this script runs. So each error,
// and the start, is followed for a while.
let pending;
function check(tries = 40) {
	clearTimeout(pending);
	if (video.error || video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) explain();
	else if (video.readyState === 0 && tries > 0) pending = setTimeout(check, 100, tries - 1);
}

// follow looks, once a second, whether a video that should move does. Chromium's
// own HLS player reports no error when a segment is refused: the picture stands
// still, with a good buffer ahead of it. A player that waits for data is merely
// slow, unless the gateway says otherwise.
let place = -1;
let still = 0;
let played = 0;
function follow() {
	const rests = video.paused || video.ended || video.seeking || notice.hasChildNodes();
	still = rests || video.currentTime !== place ? 0 : still + 1;
	place = video.currentTime;
	if (!rests && ++played % 4 === 0) glance();
	if (still % 5 === 3) explain(video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
}

if (video) {
	video.addEventListener('error', () => check(), true); // capturing: the sources' errors too
	video.addEventListener('playing', () => notice.replaceChildren());
	setInterval(follow, 1000);
	check();
}

const app = document.getElementById('app');
if (app) {
	app.textContent = app.href; // whole, with the host: that is what another app needs
	const button = document.getElementById('copy');
	const copied = document.getElementById('copied');
	button.hidden = false;
	button.addEventListener('click', async () => {
		if (await copy(app.href)) {
			copied.textContent = said('copied').textContent;
		} else {
			select(app);
			copied.textContent = said('marked').textContent;
		}
	});
}
