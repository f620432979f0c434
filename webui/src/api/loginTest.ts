// What the sources of accounts say of a user (docs/api.md, "POST /api/v1/login/test").
import { post } from './http';
import type { AccountLevel } from './types';

/** By the names of the API. */
export const loginSourceNames: Record<string, string> = { local: 'Local accounts', pam: 'PAM', ldap: 'LDAP' };

export interface LoginStep {
	source: string;
	step: string;
	passed: boolean;
	text: string;
	remedy?: string;
}

export interface LoginVerdict {
	result: 'passed' | 'refused' | 'busy' | 'unavailable';
	source: string | null;
	user: string;
	level: AccountLevel | null;
	web: boolean;
	api: boolean;
	steps: LoginStep[];
}

/** Without a password only what the user may do is asked; without a source, those of the settings; these are the ones in force unless the candidate's are asked for. */
export const testLogin = (question: { user: string; password?: string; source?: string; datastore?: 'candidate' }) => post<LoginVerdict>('/api/v1/login/test', question);
