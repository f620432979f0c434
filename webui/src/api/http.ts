// One way to the server: JSON over fetch with the session cookie, the CSRF token on
// every change, and errors in the RESTCONF form made into ApiError.
import { activity } from './activity';
import type { ConfigFault } from './types';

/** A page that reads again by itself does not keep the session of a person who has left. */
const presentSeconds = 10;

interface WireError {
	'error-tag'?: string;
	'error-path'?: string;
	'error-message'?: string;
}

export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly tag: string,
		message: string,
		readonly faults: ConfigFault[],
		readonly retryAfterSeconds: number | null,
	) {
		super(message);
		this.name = 'ApiError';
	}
}

/** What the application wants to hear about: a session that ended under our feet. */
type ExpiredListener = () => void;

class Connection {
	csrf = '';
	/** Digest of the notice that was accepted; logins carry it. */
	consent: string | null = null;
	onExpired: ExpiredListener | null = null;
	/** When a person last did something; what the page reads by itself long after does not count as use. */
	private lastInput = Date.now();

	constructor() {
		for (const name of ['pointerdown', 'keydown', 'wheel', 'touchstart'])
			window.addEventListener(name, () => { this.lastInput = Date.now(); }, { capture: true, passive: true });
	}

	async request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Reply> {
		const headers: Record<string, string> = { Accept: 'application/yang-data+json, application/json' };
		if (method !== 'GET')
			headers['X-CSRF-Token'] = this.csrf;
		else if (activity.secondsAgo() > presentSeconds)
			headers['X-Turnpike-Background'] = '1';
		if (body !== undefined)
			headers['Content-Type'] = path.startsWith('/restconf/') ? 'application/yang-data+json' : 'application/json';
		if (method === 'GET' && Date.now() - this.lastInput > 30_000)
			headers['X-Turnpike-Background'] = '1';
		if (options.ifMatch)
			headers['If-Match'] = options.ifMatch;
		let response: Response;
		try {
			response = await fetch(path, {
				method,
				headers,
				body: body === undefined ? undefined : JSON.stringify(body),
				signal: options.signal,
				credentials: 'same-origin',
				cache: 'no-store',
				redirect: 'error',
			});
		} catch (error) {
			if (error instanceof DOMException && error.name === 'AbortError')
				throw error;
			throw new ApiError(0, 'unreachable', 'The appliance does not answer. It may be restarting, or the network is interrupted.', [], null);
		}
		const text = await response.text();
		if (!response.ok)
			throw this.failure(response, path, text);
		return { status: response.status, etag: response.headers.get('ETag'), data: parse(text), text };
	}

	private failure(response: Response, path: string, text: string): ApiError {
		const wire = wireErrors(parse(text));
		const first = wire[0];
		const tag = first?.['error-tag'] ?? 'operation-failed';
		const message = first?.['error-message'] || `The appliance answered with status ${response.status}.`;
		const faults = wire
			.filter((entry) => entry['error-path'])
			.map((entry) => ({ path: entry['error-path'] ?? '', message: entry['error-message'] ?? tag }));
		const retry = Number(response.headers.get('Retry-After'));
		if (response.status === 401 && !path.startsWith('/api/v1/session') && !path.startsWith('/api/v1/setup'))
			this.onExpired?.();
		return new ApiError(response.status, tag, message, faults, Number.isFinite(retry) && retry > 0 ? retry : null);
	}
}

interface RequestOptions {
	ifMatch?: string | null;
	signal?: AbortSignal;
}

interface Reply {
	status: number;
	etag: string | null;
	data: unknown;
	/** As it came, for answers that are not JSON. */
	text: string;
}

function parse(text: string): unknown {
	if (text === '')
		return null;
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function wireErrors(data: unknown): WireError[] {
	if (typeof data !== 'object' || data === null)
		return [];
	const envelope = (data as Record<string, unknown>)['ietf-restconf:errors'];
	const list = (envelope as { error?: unknown } | undefined)?.error;
	return Array.isArray(list) ? (list as WireError[]) : [];
}

export const connection = new Connection();

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
	return (await connection.request('GET', path, undefined, { signal })).data as T;
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
	return (await connection.request('POST', path, body)).data as T;
}

export async function put(path: string, body: unknown): Promise<void> {
	await connection.request('PUT', path, body);
}

export async function remove(path: string): Promise<void> {
	await connection.request('DELETE', path);
}

/** The words for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

export function query(path: string, values: Record<string, string | number | undefined>): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(values)) {
		if (value !== undefined && value !== '')
			search.set(name, String(value));
	}
	const text = search.toString();
	return text ? `${path}?${text}` : path;
}
