// The uploaded revocation lists: one file in PEM form, replaced or removed as a whole.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { messageOf } from '../../api/http';
import { removeCrls, uploadCrls, type UploadedLists } from '../../api/revocation';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { ForChanges } from '../../parts/ForChanges';
import { octetsText, timeText } from '../../parts/format';
import { Notice } from '../../parts/Notice';
import { PemInput } from '../../parts/PemInput';
import { ListTable } from './ListTable';

const mostBytes = 8_000_000;

export function UploadCard({ manual, onChanged }: { manual: UploadedLists | null; onChanged: () => void }) {
	const [pem, setPem] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [isDoomed, setDoomed] = useState(false);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			await uploadCrls(pem);
			setPem('');
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
		onChanged();
	};
	return (
		<Card>
			<CardHeader actions={{ actions: manual && <ForChanges><Button variant="secondary" size="sm" onClick={() => setDoomed(true)}>Remove</Button></ForChanges>, hasNoOffset: true }}>
				<CardTitle component="h2">Uploaded revocation lists</CardTitle>
				<p className="tp-quiet">One file in PEM form with one list or several; it takes the place of the one before and counts at once, without a commit.</p>
			</CardHeader>
			<CardBody>
				{!manual && <p className="tp-quiet tp-gap-below">Nothing is uploaded.</p>}
				{manual && <p className="tp-quiet">Uploaded {timeText(manual['uploaded-at'])}, {octetsText(manual.bytes)}.</p>}
				{manual && <ListTable lists={manual.lists} label="Uploaded lists" />}
				<ForChanges>
					<Form onSubmit={submit} noValidate className="tp-gap-above">
						<div aria-live="polite">{failure && <Notice variant="danger" title={failure} />}</div>
						<FormGroup label="Revocation lists in PEM form" fieldId="crl-pem">
							<PemInput id="crl-pem" value={pem} onChange={setPem} placeholder="-----BEGIN X509 CRL-----" mostBytes={mostBytes} />
						</FormGroup>
						<div><Button type="submit" variant="secondary" isLoading={busy} isDisabled={busy || pem.trim() === ''}>{manual ? 'Upload and replace' : 'Upload'}</Button></div>
					</Form>
				</ForChanges>
			</CardBody>
			{isDoomed && (
				<ConfirmDialog title="Remove the uploaded revocation lists?" action="Remove" onClose={() => setDoomed(false)} onConfirm={async () => {
					await removeCrls();
					onChanged();
				}}>
					Certificates that only they revoke are no longer known to be revoked. It takes effect at once.
				</ConfirmDialog>
			)}
		</Card>
	);
}
