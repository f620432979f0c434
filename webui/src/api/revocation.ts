// Revocation lists: what is in use, updates, the uploaded file.
import { get, post, put, remove } from './http';

export interface RevocationList {
	issuer: string;
	state: 'current' | 'ends-soon' | 'expired' | 'delta-ended';
	'this-update-at': string | null;
	'next-update-at': string | null;
	entries: number;
	indirect: boolean;
	/** Changes since a whole list. */
	delta: boolean;
}

export interface CrlSource {
	url: string;
	state: 'ok' | 'failed' | 'waiting';
	result: string;
	at: string | null;
	bytes: number;
	entries: number;
	'in-use-since-at': string | null;
	lists: RevocationList[];
}

export interface UploadedLists {
	'uploaded-at': string | null;
	bytes: number;
	entries: number;
	lists: RevocationList[];
}

export interface Crls {
	/** Automatic updates are on. */
	automatic: boolean;
	updating: boolean;
	'next-at': string | null;
	sources: CrlSource[];
	manual: UploadedLists | null;
}

export const readCrls = (signal?: AbortSignal) => get<Crls>('/api/v1/revocation/crls', signal);
export const updateCrls = () => post<{ sources: number }>('/api/v1/revocation/crls/update');
export const uploadCrls = (pem: string) => put('/api/v1/revocation/crls/manual', { pem });
export const removeCrls = () => remove('/api/v1/revocation/crls/manual');
