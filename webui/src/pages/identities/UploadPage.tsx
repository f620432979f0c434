// An uploaded certificate: choose it, look at the findings, activate it.
import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup, Stack } from '@patternfly/react-core';
import { useRef, useState, type FormEvent } from 'react';
import { activateUpload, forgetUpload, readIdentities, uploadCertificate, type StagedUpload, type UploadForm } from '../../api/certificates';
import { messageOf } from '../../api/http';
import { useLive } from '../../app/Live';
import { useRouter } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { FailureNote, LoadingRows } from '../../parts/notes';
import { Notice } from '../../parts/Notice';
import { PageFrame } from '../../parts/PageFrame';
import { PasswordInput } from '../../parts/PasswordInput';
import { PemInput } from '../../parts/PemInput';
import { CertificateFactsList } from './CertificateFactsList';
import { FindingList } from './FindingList';
import { identitiesPage, identityPath, nameText, titleOf } from './words';

export function UploadPage({ id }: { id: string }) {
	const { go } = useRouter();
	const { config } = useLive();
	const reading = useRead('identities', readIdentities);
	const identity = reading.data?.identities.find((one) => one.id === id);
	const leave = (to: string) => {
		config.refresh();
		go(to);
	};
	return (
		<PageFrame title="Upload a certificate" purpose="Nothing changes until you have seen what was found about it and activate it." back={[identitiesPage, { to: identityPath(id), label: titleOf(identity, id) }]}>
			{reading.loading && <LoadingRows label="Reading the identity" rows={6} />}
			{reading.error && <FailureNote title="The identity could not be read" error={reading.error} retry={reading.refresh} />}
			{identity && (identity.staged
				? <Staged key={identity.staged.staged} id={id} upload={identity.staged} onForgotten={reading.refresh} onActivated={(now) => leave(now ? identityPath(id) : '/changes')} />
				: <ChooseForm id={id} isPending={identity.request !== null} onStaged={reading.refresh} />)}
		</PageFrame>
	);
}

// ------------------------------------------------------------------------- choosing

interface Chosen {
	name: string;
	kind: 'der' | 'pkcs12';
	base64: string;
}

function base64Of(bytes: Uint8Array): string {
	let text = '';
	for (const byte of bytes)
		text += String.fromCharCode(byte);
	return btoa(text);
}

const mostBytes = 262_144;

interface ChooseFormProps {
	id: string;
	isPending: boolean;
	onStaged: () => void;
}

function ChooseForm({ id, isPending, onStaged }: ChooseFormProps) {
	const input = useRef<HTMLInputElement>(null);
	const [pem, setPem] = useState('');
	const [chosen, setChosen] = useState<Chosen | null>(null);
	const [key, setKey] = useState('');
	const [passphrase, setPassphrase] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const take = async (file: File | undefined) => {
		if (!file)
			return;
		if (file.size > mostBytes) {
			setFailure('This file is too large for a certificate.');
			return;
		}
		const bytes = new Uint8Array(await file.arrayBuffer());
		const text = new TextDecoder('latin1').decode(bytes);
		setFailure(null);
		if (text.includes('-----BEGIN ')) {
			setPem(text);
			setChosen(null);
		} else {
			setChosen({ name: file.name, kind: /\.(p12|pfx)$/i.test(file.name) ? 'pkcs12' : 'der', base64: base64Of(bytes) });
		}
	};
	const body = (): UploadForm => ({
		...(chosen ? { [chosen.kind]: chosen.base64 } : { pem }),
		...(key.trim() && chosen?.kind !== 'pkcs12' ? { key } : {}),
		...(passphrase ? { passphrase } : {}),
	});
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			await uploadCertificate(id, body());
			onStaged();
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};
	return (
		<Card>
			<CardBody>
				<Form onSubmit={submit} noValidate>
					{failure && <Notice variant="danger" title={failure} />}
					<FormGroup label="Certificate and its chain" fieldId="upload-pem" isRequired>
						{chosen ? <p>{chosen.name} ({chosen.kind === 'pkcs12' ? 'PKCS#12' : 'DER'}) <Button variant="link" isInline onClick={() => setChosen(null)}>Take another</Button></p>
							: <PemInput id="upload-pem" value={pem} onChange={setPem} placeholder="-----BEGIN CERTIFICATE-----" mostBytes={mostBytes} />}
						{!chosen && <> <Button variant="link" isInline onClick={() => input.current?.click()}>Choose a DER or PKCS#12 file…</Button></>}
						<input ref={input} type="file" hidden accept=".pem,.crt,.cer,.der,.p12,.pfx" aria-label="Certificate file" onChange={(event) => {
							void take(event.target.files?.[0]);
							event.target.value = '';
						}} />
					</FormGroup>
					{chosen?.kind !== 'pkcs12' && (
						<FormGroup label="Private key" fieldId="upload-key">
							<PemInput id="upload-key" value={key} onChange={setKey} placeholder={isPending ? 'Not needed: the key of the pending request is on the appliance.' : 'Only when it was not made on this appliance.'} />
						</FormGroup>
					)}
					{(chosen?.kind === 'pkcs12' || key.includes('ENCRYPTED')) && (
						<FormGroup label="Passphrase" fieldId="upload-passphrase"><PasswordInput id="upload-passphrase" value={passphrase} onChange={setPassphrase} autoComplete="off" /></FormGroup>
					)}
					<ActionList>
						<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || (!chosen && pem.trim() === '')}>Check it</Button></ActionListItem>
					</ActionList>
				</Form>
			</CardBody>
		</Card>
	);
}

// ------------------------------------------------------------------------- findings

interface StagedProps {
	id: string;
	upload: StagedUpload;
	onForgotten: () => void;
	onActivated: (inForce: boolean) => void;
}

const keyWords: Record<StagedUpload['key'], string> = { pending: 'that of the pending request', uploaded: 'uploaded with it', present: 'the present one', none: 'none' };

function Staged({ id, upload, onForgotten, onActivated }: StagedProps) {
	const [accepted, setAccepted] = useState<string[]>([]);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const open = upload['accept-needed'].filter((one) => !accepted.includes(one));
	const act = async (work: () => Promise<void>) => {
		setBusy(true);
		setFailure(null);
		try {
			await work();
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};
	const activate = (now: boolean) => act(async () => {
		await activateUpload(id, upload.staged, accepted, now);
		onActivated(now);
	});
	const cannot = busy || upload.refused || open.length > 0;
	return (
		<Stack hasGutter>
			{failure && <Notice variant="danger" title={failure} />}
			{upload.refused && <Notice variant="danger" title="This certificate cannot be activated">See the findings that say “Refused”, and their remedies.</Notice>}
			{!upload.refused && upload.findings.length === 0 && <Notice variant="success" title="Nothing was found against it" />}
			{upload.findings.length > 0 && <Card><CardHeader><CardTitle component="h2">Findings</CardTitle></CardHeader><CardBody><FindingList findings={upload.findings} needed={upload['accept-needed']} accepted={accepted} onAccept={setAccepted} /></CardBody></Card>}
			<Card>
				<CardHeader>
					<CardTitle component="h2">Uploaded certificate</CardTitle>
					<p className="tp-quiet">Private key: {keyWords[upload.key]}. {upload.chain.length > 0 && `Chain: ${upload.chain.map((one) => one['common-name'] || one.subject).join(', ')}.`}</p>
				</CardHeader>
				<CardBody>
					<CertificateFactsList certificate={upload.certificate} />
					{upload['names-lost'].length > 0 && <p className="tp-gap-above">Names that the present certificate has and this one lacks: <span className="tp-before">{upload['names-lost'].map(nameText).join(', ')}</span></p>}
					{upload['names-new'].length > 0 && <p className="tp-gap-above">New names: {upload['names-new'].map(nameText).join(', ')}</p>}
				</CardBody>
			</Card>
			<div className="tp-buttons">
				<Button variant="primary" isDisabled={cannot} isLoading={busy} onClick={() => void activate(true)}>Activate now</Button>
				<Button variant="secondary" isDisabled={cannot} onClick={() => void activate(false)}>Put into the candidate</Button>
				<Button variant="link" isDisabled={busy} onClick={() => void act(async () => {
					await forgetUpload(id);
					onForgotten();
				})}>Forget this upload</Button>
				{open.length > 0 && !upload.refused && <span className="tp-quiet" role="status">Accept the warnings first, or mend them.</span>}
			</div>
		</Stack>
	);
}
