// Tokens by which programs use the API (docs/api.md, "API tokens").
import { get, post, remove } from './http';

export interface ApiToken {
	id: string;
	name: string;
	account: string;
	scope: 'read' | 'write';
	'created-at': string;
	'expires-at': string;
	expired: boolean;
	'last-used-at': string | null;
	'last-used-source': string;
}

export interface ApiTokens {
	tokens: ApiToken[];
	/** Of one account. */
	most: number;
	'most-days': number;
}

export const readTokens = (signal?: AbortSignal) => get<ApiTokens>('/api/v1/tokens', signal);

/** The answer holds the token itself, this once. */
export const makeToken = (name: string, scope: ApiToken['scope'], days: number) =>
	post<ApiToken & { token: string }>('/api/v1/tokens', { name, scope, 'expires-in-days': days });

export const deleteToken = (id: string) => remove(`/api/v1/tokens/${id}`);
