// Gives another account a password.
import { Button, Checkbox, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { givePassword, readPasswordRules } from '../../api/accounts';
import { useRead } from '../../app/usePoll';
import { messagesOf } from '../../parts/messages';
import { isTyped, NewPassword, PasswordFaults } from '../../parts/NewPassword';

interface PasswordForDialogProps {
	name: string;
	onClose: () => void;
	onChanged: () => void;
}

export function PasswordForDialog({ name, onClose, onChanged }: PasswordForDialogProps) {
	const rules = useRead('password rules', readPasswordRules);
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [mustChange, setMustChange] = useState(true);
	const [busy, setBusy] = useState(false);
	const [faults, setFaults] = useState<string[]>([]);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFaults([]);
		try {
			await givePassword(name, password, mustChange);
			onChanged();
			onClose();
		} catch (error) {
			setFaults(messagesOf(error));
			setBusy(false);
		}
	};
	return (
		<Modal variant="small" isOpen onClose={onClose} aria-labelledby="password-for-title">
			<ModalHeader title={`Set the password of ${name}`} labelId="password-for-title" description="The account’s sessions end." />
			<ModalBody>
				<div aria-live="polite"><PasswordFaults faults={faults} /></div>
				<Form id="password-for-form" onSubmit={submit} noValidate>
					<NewPassword id="password-for" rules={rules.data?.given ?? null} password={password} again={again} onChange={(next, nextAgain) => { setPassword(next); setAgain(nextAgain); }} />
					<Checkbox id="password-for-change" label="Has to be changed at the next login" isChecked={mustChange} onChange={(_event, on) => setMustChange(on)} />
				</Form>
			</ModalBody>
			<ModalFooter>
				<Button type="submit" form="password-for-form" isLoading={busy} isDisabled={busy || !isTyped(password, again)}>Set password</Button>
				<Button variant="link" onClick={onClose}>Cancel</Button>
			</ModalFooter>
		</Modal>
	);
}
