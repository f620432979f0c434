// Makes a token, and shows it this once.
import { Button, ClipboardCopy, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextInput } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { messageOf } from '../../api/http';
import { makeToken, type ApiToken } from '../../api/tokens';
import { useMayWrite } from '../../app/access';
import { Notice } from '../../parts/Notice';

interface TokenDialogProps {
	mostDays: number;
	onClose: () => void;
	onMade: () => void;
}

export function TokenDialog({ mostDays, onClose, onMade }: TokenDialogProps) {
	const mayWrite = useMayWrite();
	const [name, setName] = useState('');
	const [scope, setScope] = useState<ApiToken['scope']>('read');
	const [days, setDays] = useState('90');
	const [token, setToken] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			setToken((await makeToken(name, scope, Number(days))).token);
			onMade();
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};

	return (
		<Modal variant="medium" isOpen onClose={onClose} aria-labelledby="token-title">
			<ModalHeader title={token ? `The token ${name}` : 'Make a token'} labelId="token-title" />
			<ModalBody>
				<div aria-live="polite">{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}</div>
				{token ? (
					<>
						<p className="tp-gap-below">Copy it now: it is not kept here and not shown again. Programs send it as <code className="tp-code">Authorization: Bearer</code>.</p>
						<ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel="API token">{token}</ClipboardCopy>
					</>
				) : (
					<Form id="token-form" onSubmit={submit} noValidate>
						<FormGroup label="Name" fieldId="token-name" isRequired>
							<TextInput id="token-name" value={name} onChange={(_event, next) => setName(next)} autoComplete="off" autoCapitalize="none" spellCheck="false" aria-describedby="token-name-help" />
							<FormHelperText><HelperText id="token-name-help"><HelperTextItem>Of the program, such as backup: letters, digits and . - _ only. Logs name it.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
						<FormGroup label="May" role="radiogroup" fieldId="token-scope" isStack>
							<Radio id="token-read" name="token-scope" label="Read" isChecked={scope === 'read'} onChange={() => setScope('read')} />
							<Radio id="token-write" name="token-scope" label="Read and write" description={mayWrite ? undefined : 'Your account may only read.'} isDisabled={!mayWrite} isChecked={scope === 'write'} onChange={() => setScope('write')} />
						</FormGroup>
						<FormGroup label="Days until it expires" fieldId="token-days" isRequired>
							<TextInput id="token-days" type="number" min={1} max={mostDays} value={days} onChange={(_event, next) => setDays(next)} aria-describedby="token-days-help" />
							<FormHelperText><HelperText id="token-days-help"><HelperTextItem>1 to {mostDays}.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
					</Form>
				)}
			</ModalBody>
			<ModalFooter>
				{token
					? <Button onClick={onClose}>Done</Button>
					: <Button type="submit" form="token-form" isLoading={busy} isDisabled={busy || name === ''}>Make</Button>}
				{!token && <Button variant="link" onClick={onClose}>Cancel</Button>}
			</ModalFooter>
		</Modal>
	);
}
