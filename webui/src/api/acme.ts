// ACME: how the last order went, and asking for a certificate now.
import { get, post } from './http';

export interface Acme {
	state: 'off' | 'idle' | 'working' | 'waiting' | 'failed' | 'ok';
	'tried-at': string | null;
	result: string | null;
	/** With a blank between. */
	names: string | null;
	/** There is an account with the directory. */
	account: boolean;
	'next-at': string | null;
}

export const readAcme = (signal?: AbortSignal) => get<Acme>('/api/v1/acme', signal);
export const requestCertificate = () => post('/api/v1/acme/request');
