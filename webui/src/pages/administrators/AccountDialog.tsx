// Makes an account, or changes what it may do.
import { Button, Checkbox, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextInput } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { addAccount, changeAccount, readPasswordRules, type Account, type AccountRights } from '../../api/accounts';
import type { AccountLevel } from '../../api/types';
import { levelHelp, levelNames } from '../../app/access';
import { useRead } from '../../app/usePoll';
import { messagesOf } from '../../parts/messages';
import { isTyped, NewPassword, PasswordFaults } from '../../parts/NewPassword';

interface AccountDialogProps {
	/** null makes one. */
	account: Account | null;
	onClose: () => void;
	onChanged: () => void;
}

const fresh: AccountRights = { level: 'read-only', web: true, api: false, disabled: false, 'must-change-password': true };

export function AccountDialog({ account, onClose, onChanged }: AccountDialogProps) {
	const rules = useRead('password rules', readPasswordRules);
	const [name, setName] = useState('');
	const [rights, setRights] = useState<AccountRights>(() => {
		if (!account)
			return fresh;
		const { level, web, api, disabled } = account;
		return { level, web, api, disabled, 'must-change-password': account['must-change-password'] };
	});
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [busy, setBusy] = useState(false);
	const [faults, setFaults] = useState<string[]>([]);
	const isReady = account !== null || (name !== '' && isTyped(password, again));

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFaults([]);
		try {
			if (account)
				await changeAccount(account.name, rights);
			else
				await addAccount(name, password, rights);
			onChanged();
			onClose();
		} catch (error) {
			setFaults(messagesOf(error));
			setBusy(false);
		}
	};
	const flag = (key: 'web' | 'api' | 'disabled' | 'must-change-password', label: string, help: string) => (
		<Checkbox id={`account-${key}`} label={label} description={help} isChecked={rights[key]} onChange={(_event, on) => setRights({ ...rights, [key]: on })} />
	);

	return (
		<Modal variant="medium" isOpen onClose={onClose} aria-labelledby="account-title">
			<ModalHeader title={account ? `Edit ${account.name}` : 'Add an administrator'} labelId="account-title" description={account ? 'When the rights change, the account’s sessions end.' : 'A local account, with a name and a password of its own.'} />
			<ModalBody>
				<div aria-live="polite"><PasswordFaults faults={faults} /></div>
				<Form id="account-form" onSubmit={submit} noValidate>
					{!account && (
						<FormGroup label="User name" fieldId="account-name" isRequired>
							<TextInput id="account-name" value={name} onChange={(_event, next) => setName(next)} autoComplete="off" autoCapitalize="none" spellCheck="false" aria-describedby="account-name-help" />
							<FormHelperText><HelperText id="account-name-help"><HelperTextItem>Letters, digits and . - _ @. Cannot be changed later.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
					)}
					<FormGroup label="Access level" role="radiogroup" fieldId="account-level" isStack>
						{(Object.keys(levelNames) as AccountLevel[]).map((level) => (
							<Radio key={level} id={`account-level-${level}`} name="account-level" label={levelNames[level]} description={levelHelp[level]} isChecked={rights.level === level} onChange={() => setRights({ ...rights, level })} />
						))}
					</FormGroup>
					<FormGroup label="Access" role="group" fieldId="account-flags" isStack>
						{flag('web', 'Web interface', 'May log in with a browser.')}
						{flag('api', 'API', 'Programs may log in with this account.')}
						{flag('disabled', 'Disabled', 'Nobody can log in with this account.')}
					</FormGroup>
					{!account && <NewPassword id="account-password" rules={rules.data?.given ?? null} password={password} again={again} onChange={(next, nextAgain) => { setPassword(next); setAgain(nextAgain); }} />}
					{flag('must-change-password', 'Password has to be changed at the next login', 'Until then the account can do nothing else.')}
				</Form>
			</ModalBody>
			<ModalFooter>
				<Button type="submit" form="account-form" isLoading={busy} isDisabled={busy || !isReady}>{account ? 'Save' : 'Add'}</Button>
				<Button variant="link" onClick={onClose}>Cancel</Button>
			</ModalFooter>
		</Modal>
	);
}
