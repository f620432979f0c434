// Changes the own password.
import { Button, Form, FormGroup, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { messageOf } from '../api/http';
import { changePassword } from '../api/session';
import { Notice } from '../parts/Notice';
import { PasswordInput } from '../parts/PasswordInput';
import { passwordRules } from '../wizard/passwordRule';

export function PasswordDialog({ user, onClose }: { user: string; onClose: () => void }) {
	const [current, setCurrent] = useState('');
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [done, setDone] = useState(false);
	const rules = passwordRules(user, password, again);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			await changePassword(user, current, password);
			setDone(true);
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};

	return (
		<Modal variant="small" isOpen onClose={onClose} aria-labelledby="password-title">
			<ModalHeader title="Change password" labelId="password-title" description={`For ${user}. Your other sessions end.`} />
			<ModalBody>
				<div aria-live="polite">
					{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
					{done && <Notice variant="success" title="The password is changed" />}
				</div>
				{!done && (
					<Form id="password-form" onSubmit={submit}>
						<FormGroup label="Present password" fieldId="current"><PasswordInput id="current" value={current} onChange={setCurrent} autoComplete="current-password" /></FormGroup>
						<FormGroup label="New password" fieldId="new-password"><PasswordInput id="new-password" value={password} onChange={setPassword} describedBy="new-password-rules" /></FormGroup>
						<FormGroup label="New password again" fieldId="new-again"><PasswordInput id="new-again" value={again} onChange={setAgain} /></FormGroup>
						<HelperText component="ul" id="new-password-rules" aria-label="Rules of the password">
							{rules.map((rule) => <HelperTextItem key={rule.text} component="li" variant={password === '' ? 'indeterminate' : rule.isMet ? 'success' : 'error'} screenReaderText={rule.isMet ? ': met' : ': not met'}>{rule.text}</HelperTextItem>)}
						</HelperText>
					</Form>
				)}
			</ModalBody>
			<ModalFooter>
				{!done && <Button type="submit" form="password-form" isLoading={busy} isDisabled={busy || current === '' || !rules.every((rule) => rule.isMet)}>Change password</Button>}
				<Button variant="link" onClick={onClose}>{done ? 'Close' : 'Cancel'}</Button>
			</ModalFooter>
		</Modal>
	);
}
