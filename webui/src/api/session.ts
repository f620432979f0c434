// Session and first run.
import { connection, get, post, put, remove } from './http';
import type { Identity, Session, Setup, SetupComplete } from './types';

async function keep(answer: Promise<Session>): Promise<Session> {
	const session = await answer;
	connection.csrf = session.csrf;
	return session;
}

export const readSession = () => keep(get<Session>('/api/v1/session'));

export async function logIn(user: string, password: string): Promise<Session> {
	const session = await post<Session>('/api/v1/session', { user, password, consent: connection.consent });
	if (session?.csrf) {
		connection.csrf = session.csrf;
		return session;
	}
	return readSession();
}

export const logOut = () => remove('/api/v1/session');

export async function unlock(secret: string): Promise<void> {
	const answer = await post<Partial<Session> | null>('/api/v1/setup/unlock', { secret });
	if (answer?.csrf)
		connection.csrf = answer.csrf;
	else
		await readSession();
}

export const readSetup = () => get<Setup>('/api/v1/setup');
export const setPassword = (user: string, password: string) => post<null>('/api/v1/setup/password', { user, password });
export const completeSetup = (body: SetupComplete) => post<{ revision: number | string }>('/api/v1/setup/complete', body);
export const readIdentity = () => get<Identity>('/api/v1/identity');

export const changePassword = (user: string, current: string, password: string) =>
	put(`/api/v1/accounts/${encodeURIComponent(user)}/password`, { current, password });
