// Who is logged in, for every component.
import { createContext, use } from 'react';
import type { Session } from '../api/types';

export interface SessionState {
	session: Session;
	/** Reads the session again: after a login, a logout, the wizard. */
	renew: () => Promise<void>;
	/** Says why the login page appears. */
	leave: (notice: string) => void;
}

/** Until the server says why. */
export const expired = 'Your session has ended. Log in again to go on where you were.';

export const SessionContext = createContext<SessionState | null>(null);

export function useSession(): SessionState {
	const state = use(SessionContext);
	if (!state)
		throw new Error('no session above this component');
	return state;
}
