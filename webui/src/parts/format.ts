// How numbers and times are written, the same on every page.

const dateTime = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateOnly = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: '2-digit' });
const integer = new Intl.NumberFormat('en-GB');

const dayMs = 86_400_000;

function instant(text: string | null | undefined): Date | null {
	if (!text)
		return null;
	const date = new Date(text);
	return Number.isNaN(date.getTime()) || date.getTime() <= 0 ? null : date;
}

export function timeText(text: string | null | undefined): string {
	const date = instant(text);
	if (!date)
		return '–';
	const parts = Object.fromEntries(dateTime.formatToParts(date).map((part) => [part.type, part.value]));
	return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
}

export function dateText(text: string | null | undefined): string {
	const date = instant(text);
	return date ? dateOnly.format(date) : '–';
}

export function daysUntil(text: string | null | undefined): number | null {
	const date = instant(text);
	return date ? Math.floor((date.getTime() - Date.now()) / dayMs) : null;
}

export function secondsSince(text: string | null | undefined): number | null {
	const date = instant(text);
	return date ? Math.max(0, Math.round((Date.now() - date.getTime()) / 1000)) : null;
}

/** "4 d 3 h", "12 min", "8 s": the two largest units. */
export function durationText(seconds: number | null | undefined): string {
	if (seconds === null || seconds === undefined)
		return '–';
	const units: [number, string][] = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const first = units.findIndex(([size]) => seconds >= size);
	if (first < 0)
		return '0 s';
	const [size, name] = units[first] ?? [1, 's'];
	const rest = units[first + 1];
	const text = `${Math.floor(seconds / size)} ${name}`;
	const more = rest ? Math.floor((seconds % size) / rest[0]) : 0;
	return rest && more > 0 ? `${text} ${more} ${rest[1]}` : text;
}

/** "3:07" or "1:02:44", as on a telephone. */
export function clockText(seconds: number): string {
	const two = (n: number) => String(n).padStart(2, '0');
	const h = Math.floor(seconds / 3600);
	const m = Math.floor((seconds % 3600) / 60);
	const s = Math.floor(seconds % 60);
	return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function countText(value: number | string | null | undefined): string {
	if (value === null || value === undefined || value === '')
		return '–';
	const number = Number(value);
	return Number.isFinite(number) ? integer.format(number) : String(value);
}

export function octetsText(value: number | string): string {
	const number = Number(value);
	if (!Number.isFinite(number))
		return String(value);
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let scaled = number;
	let at = 0;
	while (scaled >= 1000 && at < units.length - 1) {
		scaled /= 1000;
		at++;
	}
	return `${at === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[at]}`;
}

/** "sip:alice@example.org" out of '"Alice" <sip:alice@example.org>;tag=1'. */
export function aliasText(address: string): string {
	const inner = /<([^>]*)>/.exec(address)?.[1] ?? address.split(';')[0] ?? address;
	return inner.replace(/^sips?:/, '');
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll('-', ' ');

export const plural = (n: number, one: string, many = `${one}s`) => `${integer.format(n)} ${n === 1 ? one : many}`;
