// Who is logged in, and who was (docs/api.md, "Session and first run").
import { connection, get, query, remove } from './http';
import type { Page } from './status';
import type { AccountLevel } from './types';

export type LoginMethod = 'password' | 'certificate' | 'pam' | 'ldap' | 'first-login-secret' | 'root';

export interface OpenSession {
	id: string;
	user: string | null;
	level: AccountLevel | null;
	access: 'web' | 'api';
	method: LoginMethod;
	source: string;
	'since-at': string;
	'used-at': string;
	'idle-s': number;
	own: boolean;
}

export interface SessionLimits {
	'idle-s': number;
	'absolute-s': number;
	all: number;
	/** 0: as many as of all accounts. */
	'per-account': number;
	'when-full': 'end-quietest' | 'refuse';
}

export interface LoginRecord {
	id: number;
	user: string | null;
	protocol: 'https' | 'api' | 'shell';
	method: LoginMethod;
	source: string;
	'started-at': string;
	'ended-at': string | null;
	'duration-s': number | null;
	end: 'open' | 'logout' | 'idle' | 'longest-time' | 'revoked' | 'too-many' | 'account' | 'certificate' | 'advanced-mode' | 'settings' | 'no-logout' | null;
	failure: 'wrong-password-or-name' | 'account-may-not' | 'source-did-not-answer' | 'too-many-sessions' | null;
}

export type LoginResult = 'all' | 'successful' | 'unsuccessful';

export const readSessions = (signal?: AbortSignal) => get<{ sessions: OpenSession[]; limits: SessionLimits }>('/api/v1/sessions', signal);

export const endSession = (id: string) => remove(`/api/v1/sessions/${id}`);

export async function endSessionsOf(user: string): Promise<void> {
	await connection.request('DELETE', query('/api/v1/sessions', { user }));
}

export const readLogins = (own: boolean, result: LoginResult, page: Page, signal?: AbortSignal) =>
	get<{ total: number; logins: LoginRecord[] }>(query(own ? '/api/v1/logins/own' : '/api/v1/logins', { result, ...page }), signal);
