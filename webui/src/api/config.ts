// The candidate configuration and its way into force.
import { ApiError, connection, get, post, query } from './http';
import type { SchemaNode } from '../model/schema';
import type { Change, ConfigStatus, Revision, Trial, Validation } from './types';

export type ConfigValue = string | number | boolean | null | ConfigValue[] | ConfigTree;
export interface ConfigTree {
	[name: string]: ConfigValue | undefined;
}

export const readModel = async () => (await get<{ nodes: SchemaNode[] }>('/api/v1/model')).nodes;
export const readConfigStatus = (signal?: AbortSignal) => get<ConfigStatus>('/api/v1/config/status', signal);

export const readDiff = async (from?: string, to?: string) =>
	(await get<{ changes: Change[] }>(query('/api/v1/config/diff', { from, to }))).changes;

export const validate = () => post<Validation>('/api/v1/config/validate');

export const commit = (comment: string, confirmWithinSeconds: number) =>
	post<{ revision: string; trial: Trial | null }>('/api/v1/config/commit', {
		comment,
		'confirm-within-s': confirmWithinSeconds,
	});

export const undo = () => post<null>('/api/v1/config/undo');
export const discard = () => post<null>('/api/v1/config/discard');
export const restore = (revision: string) => post<null>('/api/v1/config/restore', { revision });

export const readRevisions = (offset: number, limit: number) =>
	get<{ total: number; revisions: Revision[] }>(query('/api/v1/config/revisions', { offset, limit }));

/** A browser keeps at most six connections to a server. */
const mostConnections = 6;

/**
 * Confirms the trial, over a connection opened after the commit: that is what proves
 * that one can still get in. The server closes each older one that asks, so that
 * after a few refusals the browser has to open a new one.
 */
export async function confirm(): Promise<void> {
	for (let refusals = 0; ; refusals++) {
		try {
			await post('/api/v1/config/confirm');
			return;
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 403 || refusals >= 2 * mostConnections)
				throw error;
		}
	}
}

const dataPath = (path: string) => `/restconf/ds/candidate${path}`;

export interface Subtree {
	value: ConfigTree;
	etag: string | null;
}

/** A container or one list entry of the candidate, only what was set explicitly. */
export async function readCandidate(path: string, datastore: 'candidate' | 'running' = 'candidate'): Promise<Subtree> {
	const address = `/restconf/ds/${datastore}${path}?with-defaults=explicit`;
	try {
		const reply = await connection.request('GET', address);
		return { value: unwrap(reply.data), etag: reply.etag };
	} catch (error) {
		if (error instanceof ApiError && error.status === 404)
			return { value: {}, etag: null };
		throw error;
	}
}

/** RESTCONF answers {"module:name": value}; a list entry comes as a list of one. */
function unwrap(data: unknown): ConfigTree {
	const values = Object.values((data ?? {}) as Record<string, unknown>);
	const first = Array.isArray(values[0]) ? values[0][0] : values[0];
	return (first ?? {}) as ConfigTree;
}

export async function putContainer(path: string, value: ConfigTree, etag: string | null): Promise<void> {
	const name = path.slice(path.lastIndexOf('/') + 1);
	const qualified = name.includes(':') ? name : `${moduleOf(path)}:${name}`;
	await connection.request('PUT', dataPath(path), { [qualified]: value }, { ifMatch: etag });
}

export async function putEntry(listPath: string, key: string, value: ConfigTree, etag: string | null): Promise<void> {
	await connection.request('PUT', entryPath(listPath, key), wrapEntry(listPath, value), { ifMatch: etag });
}

export async function createEntry(listPath: string, value: ConfigTree): Promise<void> {
	const parent = listPath.slice(0, listPath.lastIndexOf('/'));
	await connection.request('POST', dataPath(parent), wrapEntry(listPath, value));
}

export async function deleteEntry(listPath: string, key: string): Promise<void> {
	await connection.request('DELETE', entryPath(listPath, key));
}

const entryPath = (listPath: string, key: string) => `${dataPath(listPath)}=${encodeURIComponent(key)}`;

function wrapEntry(listPath: string, value: ConfigTree): ConfigTree {
	const name = listPath.slice(listPath.lastIndexOf('/') + 1);
	return { [`${moduleOf(listPath)}:${name}`]: [value] };
}

function moduleOf(path: string): string {
	return path.slice(1, path.indexOf(':'));
}
