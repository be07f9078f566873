// Times on pages are written by the server, absolute and in UTC. This turns
// them into the reader's own time zone and says how far away they are; without
// it they are still right.

// A date in another language inside a sentence would only confuse: the page's
// language it is, in the reader's variety of it.
const { lang } = document.documentElement;
const variety = navigator.languages.find((tag) => tag.split('-')[0] === lang) ?? lang;
const locale = lang === 'ar' ? 'ar-u-nu-arab' : variety;
const absolute = new Intl.DateTimeFormat(locale, {
	day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
});
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const units = [['year', 31556952], ['month', 2629746], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

// away says how far date is from now: "in 47 hours", "5 minutes ago". A unit is
// used from two of it on, so that rounding never doubles what is left.
export function away(date, now = Date.now()) {
	const seconds = (date.getTime() - now) / 1000;
	const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length * 2) ?? units.at(-1);
	return relative.format(Math.round(seconds / size), unit);
}

// local writes date in the reader's own zone.
export function local(date) {
	return absolute.format(date);
}

for (const element of document.querySelectorAll('time[datetime]')) {
	const date = new Date(element.dateTime);
	if (Number.isNaN(date.getTime())) continue;
	element.title = element.textContent;
	element.textContent = `${local(date)} (${away(date)})`;
}
