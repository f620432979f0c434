// One trusted CA: its facts, what it is trusted for, and the whole certificate decoded.
import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Form, Stack } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { deleteTrust, readTrust, readTrustText, trustPath, trustPemAddress, type TrustRow, type TrustUse } from '../../api/certificates';
import { putEntry, readCandidate } from '../../api/config';
import { messageOf } from '../../api/http';
import { useMayWrite } from '../../app/access';
import { useLive } from '../../app/Live';
import { Link, useRouter } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { ExpiryText } from '../../parts/ExpiryLabel';
import { Facts } from '../../parts/Facts';
import { ForChanges } from '../../parts/ForChanges';
import { timeText } from '../../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../../parts/notes';
import { Notice } from '../../parts/Notice';
import { PageFrame } from '../../parts/PageFrame';
import { Decoded } from './DecodedCas';
import { UseBoxes } from './UseBoxes';
import { usesText } from './words';

const back = [{ to: '/trusted-cas', label: 'Trusted CAs' }];

export function TrustedCaPage({ name }: { name: string }) {
	const { go } = useRouter();
	const { config } = useLive();
	const trust = useRead('trust', readTrust);
	const text = useRead(`trust ${name}`, (signal) => readTrustText(name, signal));
	const [doomed, setDoomed] = useState(false);
	const mayWrite = useMayWrite();
	const rows = trust.data?.certificates.filter((row) => row.name === name && row.state !== 'deleted') ?? [];
	const actions = (
		<div className="tp-buttons">
			<Button variant="secondary" component="a" href={trustPemAddress(name)} download={`${name}.pem`}>Download PEM</Button>
			<ForChanges><Button variant="secondary" isDanger onClick={() => setDoomed(true)}>Delete</Button></ForChanges>
		</div>
	);
	return (
		<PageFrame title={name} back={back} actions={rows.length > 0 && actions}>
			{trust.loading && <LoadingRows label="Reading the certificate" />}
			{trust.error && <FailureNote title="The trusted CAs could not be read" error={trust.error} retry={trust.refresh} />}
			{trust.data && rows.length === 0 && <Nothing title={`There is no trusted CA “${name}”`} action={<Button variant="link" onClick={() => go('/trusted-cas')}>Back</Button>}>It may have been deleted.</Nothing>}
			<Stack hasGutter>
				{rows.map((row) => <FactsCard key={row.part} row={row} use={mayWrite ? null : usesText(row.use, trust.data?.uses ?? [])} />)}
				{mayWrite && rows[0] && trust.data && <UseCard name={name} use={rows[0].use} uses={trust.data.uses} onSaved={() => { trust.refresh(); config.refresh(); }} />}
				{rows.length > 0 && text.error && <FailureNote title="The certificate could not be read" error={text.error} retry={text.refresh} />}
				{rows.length > 0 && text.data && <Card><CardHeader><CardTitle component="h2">Decoded</CardTitle></CardHeader><CardBody><Decoded text={text.data} label={`${name}, decoded`} /></CardBody></Card>}
			</Stack>
			{doomed && (
				<ConfirmDialog title={`Delete trusted CA ${name}?`} action="Delete" onClose={() => setDoomed(false)} onConfirm={async () => {
					await deleteTrust([name]);
					config.refresh();
					go('/trusted-cas');
				}}>
					Peers whose certificates it signed will no longer be accepted. Nothing changes on the appliance until you commit.
				</ConfirmDialog>
			)}
		</PageFrame>
	);
}

/** `use` for those who may not change it. */
function FactsCard({ row, use }: { row: TrustRow; use: string | null }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">{row.parts > 1 ? `Certificate ${row.part} of ${row.parts}` : 'Certificate'}</CardTitle></CardHeader>
			<CardBody>
				<Facts facts={[
					['Subject', row.subject],
					['Issuer', row.type === 'self-signed' ? 'Itself (self-signed)' : row.issuer],
					['Valid from', timeText(row['not-before-at'])],
					['Valid until', <ExpiryText key="until" at={row['not-after-at']} />],
					['Serial', <span key="serial" className="tp-mono">{row.serial}</span>],
					['SHA-256', <span key="sha256" className="tp-mono">{row.sha256}</span>],
					['Default list', row.default ? 'Yes' : 'No'],
					...(use ? [['Trusted for', use] as [string, string]] : []),
				]} />
			</CardBody>
		</Card>
	);
}

interface UseCardProps {
	name: string;
	use: string[];
	uses: TrustUse[];
	onSaved: () => void;
}

function UseCard({ name, use, uses, onSaved }: UseCardProps) {
	const [chosen, setChosen] = useState(use);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [done, setDone] = useState(false);
	const isDirty = [...chosen].sort().join() !== [...use].sort().join();
	const save = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			const entry = await readCandidate(`${trustPath}=${encodeURIComponent(name)}`);
			const { use: _before, ...rest } = entry.value;
			await putEntry(trustPath, name, chosen.length > 0 ? { ...rest, use: chosen } : rest, entry.etag);
			setDone(true);
			onSaved();
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Use</CardTitle></CardHeader>
			<CardBody>
				<Form onSubmit={save}>
					{failure && <Notice variant="danger" title={failure} />}
					{done && !isDirty && <Notice variant="success" title="Saved to the candidate">It takes effect when you <Link to="/changes">review and commit</Link> the changes.</Notice>}
					<UseBoxes id="use" uses={uses} use={chosen} onChange={(next) => { setChosen(next); setDone(false); }} />
					<ActionList><ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || !isDirty}>Save to the candidate</Button></ActionListItem></ActionList>
				</Form>
			</CardBody>
		</Card>
	);
}
