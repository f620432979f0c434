// Accounts of administrators.
import { get, post, put, remove } from './http';
import type { AccountLevel } from './types';

export interface Account {
	name: string;
	level: AccountLevel;
	web: boolean;
	api: boolean;
	disabled: boolean;
	'disabled-unused': boolean;
	'must-change-password': boolean;
	/** It alone can administer by web. */
	'last-administrator': boolean;
	'created-at': string;
	'password-changed-at': string | null;
	'last-login-at': string | null;
	'last-login-source': string;
	failures: number;
}

export type AccountRights = Pick<Account, 'level' | 'web' | 'api' | 'disabled' | 'must-change-password'>;

export interface PasswordRules {
	'minimum-length': number;
	own: string[];
	given: string[];
}

const address = (name: string) => `/api/v1/accounts/${encodeURIComponent(name)}`;

export const readAccounts = async () => (await get<{ accounts: Account[] }>('/api/v1/accounts')).accounts;
export const readPasswordRules = () => get<PasswordRules>('/api/v1/password-rules');
export const addAccount = (name: string, password: string, rights: AccountRights) => post<Account>('/api/v1/accounts', { name, password, ...rights });
export const changeAccount = (name: string, rights: Partial<AccountRights>) => put(address(name), rights);
export const deleteAccount = (name: string) => remove(address(name));
export const givePassword = (name: string, password: string, mustChange: boolean) => put(`${address(name)}/password`, { password, 'must-change': mustChange });
