// Changes the own password.
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { readPasswordRules } from '../api/accounts';
import { changePassword } from '../api/session';
import { Notice } from '../parts/Notice';
import { PasswordInput } from '../parts/PasswordInput';
import { isTyped, NewPassword, PasswordFaults } from '../parts/NewPassword';
import { messagesOf } from '../parts/messages';
import { useRead } from './usePoll';

export function PasswordDialog({ user, onClose }: { user: string; onClose: () => void }) {
	const [current, setCurrent] = useState('');
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [busy, setBusy] = useState(false);
	const [faults, setFaults] = useState<string[]>([]);
	const [done, setDone] = useState(false);
	const rules = useRead('password rules', readPasswordRules);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFaults([]);
		try {
			await changePassword(user, current, password);
			setDone(true);
		} catch (error) {
			setFaults(messagesOf(error));
		}
		setBusy(false);
	};

	return (
		<Modal variant="small" isOpen onClose={onClose} aria-labelledby="password-title">
			<ModalHeader title="Change password" labelId="password-title" description={`For ${user}. Your other sessions end.`} />
			<ModalBody>
				<div aria-live="polite">
					<PasswordFaults faults={faults} />
					{done && <Notice variant="success" title="The password is changed" />}
				</div>
				{!done && (
					<Form id="password-form" onSubmit={submit}>
						<FormGroup label="Present password" fieldId="current"><PasswordInput id="current" value={current} onChange={setCurrent} autoComplete="current-password" /></FormGroup>
						<NewPassword id="new-password" rules={rules.data?.own ?? null} password={password} again={again} onChange={(next, nextAgain) => { setPassword(next); setAgain(nextAgain); }} />
					</Form>
				)}
			</ModalBody>
			<ModalFooter>
				{!done && <Button type="submit" form="password-form" isLoading={busy} isDisabled={busy || current === '' || !isTyped(password, again)}>Change password</Button>}
				<Button variant="link" onClick={onClose}>{done ? 'Close' : 'Cancel'}</Button>
			</ModalFooter>
		</Modal>
	);
}
