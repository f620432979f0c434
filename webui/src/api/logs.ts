// The three logs: lists, exports, verification of the audit log.
import { get, query } from './http';
import type { LogLine } from './types';

export type LogKind = 'event' | 'configuration' | 'network';

export interface LogQuery {
	kind: LogKind;
	filter?: string;
	/** 0 information, 1 warning, 2 critical: these and worse. */
	severity?: number;
}

export const readLog = (wanted: LogQuery & { offset: number; limit: number }, signal?: AbortSignal) =>
	get<{ total: number; lines: LogLine[] }>(query('/api/v1/log', { ...wanted }), signal);

interface LogSize {
	records: number;
	bytes: number;
	'most-bytes': number;
	days: number;
}

export interface LogState {
	audit: LogSize;
	network: LogSize;
	'warn-percent': number;
	'network-on': boolean;
	failing: boolean;
	waiting: number;
}

export const readLogState = (signal?: AbortSignal) => get<LogState>('/api/v1/log/state', signal);

export interface Verification {
	verified: boolean;
	first: number;
	last: number;
	records: number;
	heads: number;
	sealed: number;
	unsealed: number;
	findings: { fault: string; first: number; last: number; text: string }[];
}

export const verifyAudit = () => get<Verification>('/api/v1/audit/verify');

export const auditKeyAddress = '/api/v1/audit/key';

/** A long log comes in pieces; each says behind which record the next begins. */
async function readPieces(address: (after: number) => string): Promise<string[]> {
	const pieces: string[] = [];
	for (let after = 0; ;) {
		const response = await fetch(address(after), { credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
		if (!response.ok)
			throw new Error(`The appliance refuses the export (${response.status}).`);
		pieces.push(await response.text());
		const next = Number(response.headers.get('X-Turnpike-Next') ?? 0);
		if (!(next > after))
			return pieces;
		after = next;
	}
}

export type ExportFormat = 'csv' | 'jsonl';

export const exportLog = (wanted: LogQuery, format: ExportFormat) =>
	readPieces((after) => query('/api/v1/log/export', { ...wanted, format, after }));

export const exportAudit = () => readPieces((after) => query('/api/v1/audit/export', { after }));
