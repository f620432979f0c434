// One identity: what it shows now, its pending request, and the ways to a new certificate.
import { Button, Card, CardBody, CardHeader, CardTitle, FormSelect, FormSelectOption, Stack } from '@patternfly/react-core';
import { useState } from 'react';
import { deleteClientIdentity, discardRequest, makeRequest, readIdentities, removeCertificate, type Identities, type OwnIdentity, type PendingRequest } from '../api/certificates';
import { useLive } from '../app/Live';
import { Link, useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { Facts } from '../parts/Facts';
import { ForChanges } from '../parts/ForChanges';
import { timeText } from '../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { Notice } from '../parts/Notice';
import { PageFrame } from '../parts/PageFrame';
import { savePem } from '../parts/savePem';
import { CertificateFactsList } from './identities/CertificateFactsList';
import { FindingList } from './identities/FindingList';
import { distributionText, hashText, identitiesPage, identityPath, keyTypeText, nameText, titleOf } from './identities/words';

type Question = 'discard' | 'remove' | 'renew' | 'delete' | null;

export function IdentityPage({ id }: { id: string }) {
	const { go } = useRouter();
	const { config } = useLive();
	const reading = useRead('identities', readIdentities);
	const identity = reading.data?.identities.find((one) => one.id === id);
	const [question, setQuestion] = useState<Question>(null);
	const close = () => setQuestion(null);
	const changed = () => {
		reading.refresh();
		config.refresh();
	};
	return (
		<PageFrame title={titleOf(identity, id)} back={[identitiesPage]} actions={identity && <ForChanges><Actions identity={identity} ask={setQuestion} /></ForChanges>}>
			{reading.loading && <LoadingRows label="Reading the identity" rows={6} />}
			{reading.error && <FailureNote title="The identity could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data && !identity && <Nothing title={`There is no identity “${id}”`} action={<Button variant="link" onClick={() => go('/identities')}>Back</Button>}>The link may be old.</Nothing>}
			{identity && <Parts identity={identity} onDiscard={() => setQuestion('discard')} />}
			{question === 'discard' && (
				<ConfirmDialog title="Discard the pending request?" action="Discard" onClose={close} onConfirm={async () => {
					await discardRequest(id);
					changed();
				}}>
					Its private key goes with it: a certificate that is issued for it can no longer be used.
				</ConfirmDialog>
			)}
			{question === 'remove' && (
				<ConfirmDialog title="Show the shared certificate again?" action="Remove the own certificate" onClose={close} onConfirm={async () => {
					await removeCertificate(id);
					changed();
				}}>
					The service falls back to the shared identity. Nothing changes on the appliance until you commit.
				</ConfirmDialog>
			)}
			{question === 'delete' && (
				<ConfirmDialog title={`Delete the client identity ${id}?`} action="Delete" onClose={close} onConfirm={async () => {
					await deleteClientIdentity(id);
					config.refresh();
					go('/identities');
				}}>
					It is taken out of the candidate. While a zone names it, this cannot be committed.
				</ConfirmDialog>
			)}
			{question === 'renew' && reading.data && identity && <RenewDialog identity={identity} identities={reading.data} onClose={close} onDone={changed} />}
		</PageFrame>
	);
}

function Actions({ identity, ask }: { identity: OwnIdentity; ask: (question: Question) => void }) {
	const { go } = useRouter();
	const path = identityPath(identity.id);
	return (
		<div className="tp-buttons">
			<Button variant="primary" onClick={() => go(`${path}/upload`)}>Upload a certificate</Button>
			<Button variant="secondary" onClick={() => go(`${path}/request`)}>Make a request</Button>
			{identity.certificate && <Button variant="secondary" onClick={() => ask('renew')}>Renew with the same names</Button>}
			<Button variant="secondary" onClick={() => go(`${path}/self-signed`)}>Self-signed</Button>
			{identity.named && <Button variant="secondary" isDanger onClick={() => ask('delete')}>Delete</Button>}
			{identity.configured && identity['falls-back-to'] && <Button variant="secondary" isDanger onClick={() => ask('remove')}>Use the shared one again</Button>}
		</div>
	);
}

function Parts({ identity, onDiscard }: { identity: OwnIdentity; onDiscard: () => void }) {
	const { certificate, chain } = identity;
	const root = chain.at(-1);
	const file = `${certificate?.['common-name'] || identity.id}`.replace(/[^\w.-]+/g, '-');
	const downloads = certificate && (
		<div className="tp-buttons tp-gap-above">
			<Button variant="secondary" size="sm" onClick={() => savePem(`${file}.pem`, [certificate, ...chain].map((one) => one.pem).join(''))}>Download certificate</Button>
			{root && <Button variant="secondary" size="sm" onClick={() => savePem(`${file}-ca.pem`, root.pem)}>Download CA</Button>}
		</div>
	);
	return (
		<Stack hasGutter>
			{identity.staged && <Notice variant="info" title="An uploaded certificate waits to be activated"><ForChanges><Link to={`${identityPath(identity.id)}/upload`}>Look at its findings</Link></ForChanges></Notice>}
			{identity.request && <RequestCard request={identity.request} onDiscard={onDiscard} />}
			<Card>
				<CardHeader>
					<CardTitle component="h2">In force</CardTitle>
					<p className="tp-quiet">{identity.named && !identity.configured ? 'Nothing of it is in force yet.' : identity.configured || !identity['falls-back-to'] ? `In use by: ${identity['used-by'].join('; ') || 'nobody'}.` : 'This service has no certificate of its own: it shows the shared one.'}</p>
				</CardHeader>
				<CardBody>
					{certificate ? <CertificateFactsList certificate={certificate} /> : <p className="tp-quiet">There is no certificate yet.</p>}
					{downloads}
				</CardBody>
			</Card>
			{identity.findings.length > 0 && <Card><CardHeader><CardTitle component="h2">Findings</CardTitle></CardHeader><CardBody><FindingList findings={identity.findings} /></CardBody></Card>}
		</Stack>
	);
}

function RequestCard({ request, onDiscard }: { request: PendingRequest; onDiscard: () => void }) {
	const actions = (
		<div className="tp-buttons">
			<Button variant="secondary" size="sm" onClick={() => savePem(`${request['common-name'].replace(/[^\w.-]+/g, '-') || 'request'}.csr`, request.pem)}>Download request</Button>
			<ForChanges><Button variant="secondary" size="sm" isDanger onClick={onDiscard}>Discard</Button></ForChanges>
		</div>
	);
	return (
		<Card>
			<CardHeader actions={{ actions, hasNoOffset: true }}>
				<CardTitle component="h2">Pending request</CardTitle>
				<p className="tp-quiet">Give it to your certificate authority, then upload what it issues.</p>
			</CardHeader>
			<CardBody>
				<Facts facts={[
					['Common name', request['common-name']],
					['Names', request.names.map(nameText).join(', ')],
					['Distribution', distributionText(request.distribution)],
					['Key', `${request['key-type']}, ${hashText(request.hash)}`],
					['Made', `${timeText(request['created-at'])} by ${request['created-by']}`],
				]} />
				{request.findings.length > 0 && <FindingList findings={request.findings} />}
			</CardBody>
		</Card>
	);
}

interface RenewDialogProps {
	identity: OwnIdentity;
	identities: Identities;
	onClose: () => void;
	onDone: () => void;
}

function RenewDialog({ identity, identities, onClose, onDone }: RenewDialogProps) {
	const [keyType, setKeyType] = useState(identities['key-types'].find((name) => keyTypeText(name) === identity.certificate?.['key-type']) ?? identities['key-types'][0] ?? '');
	const [hash, setHash] = useState(identities.hashes[0] ?? '');
	return (
		<ConfirmDialog title="Renew with the same names" action="Make the request" isDanger={false} onClose={onClose} onConfirm={async () => {
			await makeRequest(identity.id, { renew: true, 'key-type': keyType, hash, replace: identity.request !== null });
			onDone();
		}}>
			<p className="tp-gap-below">A new key and a request with subject and names of the present certificate: {identity.certificate?.names.map(nameText).join(', ')}.{identity.request && ' The pending request is replaced, and its key with it.'}</p>
			<div className="tp-fields">
				<FormSelect aria-label="Key" value={keyType} onChange={(_event, value) => setKeyType(value)}>{identities['key-types'].map((name) => <FormSelectOption key={name} value={name} label={keyTypeText(name)} />)}</FormSelect>
				<FormSelect aria-label="Hash" value={hash} onChange={(_event, value) => setHash(value)}>{identities.hashes.map((name) => <FormSelectOption key={name} value={name} label={hashText(name)} />)}</FormSelect>
			</div>
		</ConfirmDialog>
	);
}
