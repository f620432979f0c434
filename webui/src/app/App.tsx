// Decides what there is to see: first run, login, or the application.
import { Bullseye, Spinner } from '@patternfly/react-core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { connection, messageOf } from '../api/http';
import { readSession } from '../api/session';
import type { Session } from '../api/types';
import { ForcedPassword } from '../pages/ForcedPassword';
import { Login } from '../pages/Login';
import { FailureNote } from '../parts/notes';
import { FirstRun } from '../wizard/FirstRun';
import { Classified } from './Classification';
import { expired, SessionContext } from './SessionContext';
import { Shell } from './Shell';

export function App() {
	const [session, setSession] = useState<Session | null>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const [notice, setNotice] = useState<string | null>(null);
	const hasLeft = useRef(false);

	const renew = useCallback(async () => {
		try {
			const found = await readSession();
			hasLeft.current &&= !found.user;
			setSession(found);
			setFailure(null);
		} catch (error) {
			setFailure(messageOf(error));
		}
	}, []);
	const leave = useCallback((why: string) => {
		hasLeft.current = true;
		setNotice(why);
		void renew();
	}, [renew]);

	useEffect(() => {
		// A request that was under way at a logout is no reason to say something else.
		connection.onExpired = () => {
			if (!hasLeft.current)
				leave(expired);
		};
		void renew();
		return () => {
			connection.onExpired = null;
		};
	}, [leave, renew]);

	const state = useMemo(() => session && { session, renew, leave }, [session, renew, leave]);
	if (!state) {
		return (
			<Bullseye className="tp-full-height">
				{failure
					? <FailureNote title="Turnpike cannot be reached" error={failure} retry={() => void renew()} />
					: <Spinner aria-label="Loading Turnpike" />}
			</Bullseye>
		);
	}
	return (
		<SessionContext value={state}>
			<Classified banner={state.session.banner ?? null}>
				{state.session.state === 'setup' && <FirstRun />}
				{state.session.state === 'anonymous' && <Login notice={notice} onLoggedIn={() => setNotice(null)} />}
				{state.session.state === 'active' && (state.session['must-change-password'] ? <ForcedPassword /> : <Shell />)}
			</Classified>
		</SessionContext>
	);
}
