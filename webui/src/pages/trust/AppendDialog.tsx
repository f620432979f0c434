// Adds authorities: one or many certificates in one text, with a word about each.
import { Button, Form, FormGroup, Label, List, ListItem, Modal, ModalBody, ModalFooter, ModalHeader, type LabelProps } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { appendTrust, type AppendResult, type TrustUse } from '../../api/certificates';
import { messageOf } from '../../api/http';
import { Notice } from '../../parts/Notice';
import { plural } from '../../parts/format';
import { PemInput } from '../../parts/PemInput';
import { UseBoxes } from './UseBoxes';

interface AppendDialogProps {
	uses: TrustUse[];
	onClose: () => void;
	onChanged: () => void;
}

const mostBytes = 2_097_152;

export function AppendDialog({ uses, onClose, onChanged }: AppendDialogProps) {
	const [pem, setPem] = useState('');
	const [use, setUse] = useState<string[]>([]);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [results, setResults] = useState<AppendResult[] | null>(null);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			const answer = await appendTrust(pem, use);
			setResults(answer.results);
			onChanged();
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	return (
		<Modal variant="medium" isOpen onClose={onClose} aria-labelledby="append-title">
			<ModalHeader title="Append trusted CAs" labelId="append-title" description={results ? undefined : 'One or many certificates in PEM form. Only those that are new are added.'} />
			<ModalBody>
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
				{results ? <Results results={results} /> : (
					<Form id="append-form" onSubmit={submit} noValidate>
						<FormGroup label="Certificates" fieldId="append-pem" isRequired>
							<PemInput id="append-pem" value={pem} onChange={setPem} placeholder="-----BEGIN CERTIFICATE-----" mostBytes={mostBytes} />
						</FormGroup>
						<UseBoxes id="append-use" uses={uses} use={use} onChange={setUse} />
					</Form>
				)}
			</ModalBody>
			<ModalFooter>
				{results ? <Button variant="primary" onClick={onClose}>Close</Button> : (
					<>
						<Button type="submit" form="append-form" variant="primary" isLoading={busy} isDisabled={busy || pem.trim() === ''}>Append to the candidate</Button>
						<Button variant="link" onClick={onClose}>Cancel</Button>
					</>
				)}
			</ModalFooter>
		</Modal>
	);
}

const look: Record<AppendResult['result'], { status?: LabelProps['status']; word: string }> = {
	added: { status: 'success', word: 'Added' },
	known: { status: 'info', word: 'Known' },
	refused: { status: 'danger', word: 'Refused' },
};

function Results({ results }: { results: AppendResult[] }) {
	const added = results.filter((one) => one.result === 'added').length;
	return (
		<>
			<p role="status" className="tp-gap-below">{added === 0 ? 'Nothing was added.' : `${plural(added, 'authority', 'authorities')} added to the candidate; commit to trust ${added === 1 ? 'it' : 'them'}.`}</p>
			<List isPlain isBordered>
				{results.map((one, at) => (
					<ListItem key={`${one.sha256} ${at}`}>
						<Label isCompact variant="outline" status={look[one.result].status}>{look[one.result].word}</Label> <span className="tp-break">{one.subject}</span>
						<div className="tp-quiet tp-break">{one.text}</div>
					</ListItem>
				))}
			</List>
		</>
	);
}
