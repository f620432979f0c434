// The password has to be changed before anything else: it was given by another, or is too old.
import { Button, Form, FormGroup } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { readPasswordRules } from '../api/accounts';
import { changePassword, logOut } from '../api/session';
import { useSession } from '../app/SessionContext';
import { useRead } from '../app/usePoll';
import { Doorway } from '../parts/Doorway';
import { messagesOf } from '../parts/messages';
import { isTyped, NewPassword, PasswordFaults } from '../parts/NewPassword';
import { PasswordInput } from '../parts/PasswordInput';

export function ForcedPassword() {
	const { session, renew, leave } = useSession();
	const rules = useRead('password rules', readPasswordRules);
	const [current, setCurrent] = useState('');
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [busy, setBusy] = useState(false);
	const [faults, setFaults] = useState<string[]>([]);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFaults([]);
		try {
			await changePassword(session.user ?? '', current, password);
			await renew();
		} catch (error) {
			setFaults(messagesOf(error));
			setBusy(false);
		}
	};
	const end = async () => {
		try {
			await logOut();
		} finally {
			leave('You have logged out.');
		}
	};

	return (
		<Doorway session={session} title="Change your password" purpose={`Before ${session.user ?? 'you'} can go on: the password was given by an administrator, or is too old.`}>
			<div aria-live="polite"><PasswordFaults faults={faults} /></div>
			<Form onSubmit={submit}>
				<FormGroup label="Present password" fieldId="current"><PasswordInput id="current" value={current} onChange={setCurrent} autoComplete="current-password" /></FormGroup>
				<NewPassword id="new-password" rules={rules.data?.own ?? null} password={password} again={again} onChange={(next, nextAgain) => { setPassword(next); setAgain(nextAgain); }} />
				<Button type="submit" variant="primary" isBlock isLoading={busy} isDisabled={busy || current === '' || !isTyped(password, again)}>Change password</Button>
				<Button variant="link" isBlock onClick={() => void end()}>Log out</Button>
			</Form>
		</Doorway>
	);
}
