// User name and password. Says why it appeared and how long to wait when throttled.
import { Button, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { ApiError, connection, messageOf } from '../api/http';
import { readOwnCard } from '../api/card';
import { logIn } from '../api/session';
import { expired, useSession } from '../app/SessionContext';
import { useRead } from '../app/usePoll';
import { Doorway } from '../parts/Doorway';
import { durationText } from '../parts/format';
import { PasswordInput } from '../parts/PasswordInput';
import { Notice } from '../parts/Notice';
import { CardLogin } from './card/CardLogin';
import { ConsentGate } from './sessions/ConsentGate';

export function Login({ notice, onLoggedIn }: { notice: string | null; onLoggedIn: () => void }) {
	const { session, renew } = useSession();
	const [user, setUser] = useState('');
	const [password, setPassword] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const own = useRead('own certificate', readOwnCard);
	const [accepted, setAccepted] = useState<string | null>(null);
	const first = useRef<HTMLInputElement>(null);
	useEffect(() => first.current?.focus(), [accepted]);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			await logIn(user, password);
			onLoggedIn();
			await renew();
		} catch (error) {
			setFailure(loginFailure(error));
			if (error instanceof ApiError && error.status === 403)
				await renew();
			setPassword('');
			setBusy(false);
		}
	};

	const told = notice === expired ? session.ended ?? notice : notice ?? session.ended;
	const { consent } = session;
	if (consent?.['must-acknowledge'] && accepted !== consent.digest) {
		const accept = () => {
			connection.consent = consent.digest;
			setAccepted(consent.digest);
		};
		return <ConsentGate session={session} onAccept={accept} />;
	}
	return (
		<Doorway session={session} title="Log in">
			{consent && !consent['must-acknowledge'] && <Notice variant="info" isPlain title={consent.title} className="tp-gap-below"><div className="tp-consent-short">{consent.text}</div></Notice>}
			<div aria-live="polite">
				{told && !failure && <Notice variant="info" title={told} className="tp-gap-below" />}
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
			</div>
			{own.data?.level === 'authentication' ? <CardLogin card={own.data.certificate} onLoggedIn={onLoggedIn} /> : (<Form onSubmit={submit}>
				<FormGroup label="User name" fieldId="user">
					<TextInput id="user" ref={first} value={user} onChange={(_event, value) => setUser(value)} autoComplete="username" autoCapitalize="none" spellCheck="false" />
				</FormGroup>
				<FormGroup label="Password" fieldId="password">
					<PasswordInput id="password" value={password} onChange={setPassword} autoComplete="current-password" />
				</FormGroup>
				<Button type="submit" variant="primary" isBlock isLoading={busy} isDisabled={busy || user === '' || password === ''}>Log in</Button>
			</Form>)}
		</Doorway>
	);
}

function loginFailure(error: unknown): string {
	if (error instanceof ApiError && error.status === 429)
		return error.retryAfterSeconds ? `Too many attempts. Wait ${durationText(error.retryAfterSeconds)} before the next one.` : 'Too many attempts. Wait before the next one.';
	if (error instanceof ApiError && error.status === 401)
		return 'User name or password is wrong.';
	return messageOf(error);
}
