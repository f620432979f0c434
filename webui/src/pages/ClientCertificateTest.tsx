// A certificate, a pattern and a format are tried; nothing changes until they are kept.
import { Button, Card, CardBody, CardHeader, CardTitle, CodeBlock, CodeBlockCode, ExpandableSection, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Label, Radio, Stack, TextArea, TextInput } from '@patternfly/react-core';
import { useRef, useState, type FormEvent } from 'react';
import { readCardGuide, tryCard, type CardCheck, type CardExample, type CardTrial } from '../api/card';
import { putContainer, readCandidate } from '../api/config';
import { messageOf } from '../api/http';
import { useLive } from '../app/Live';
import { Link } from '../app/router';
import { useRead } from '../app/usePoll';
import { Facts } from '../parts/Facts';
import { FailureNote, LoadingRows } from '../parts/notes';
import { Notice } from '../parts/Notice';
import { PageFrame } from '../parts/PageFrame';

const settings = '/turnpike-access:access/certificate-login';
const purpose = 'Whether a certificate would be accepted, and which user name it would give. What you upload is kept in memory for this session alone.';
const defaults = { pattern: '/Subject:.*CN=(?<Group1>.*)/m', format: '#Group1#' };

export function ClientCertificateTest() {
	const live = useRead(`running ${settings}`, () => readCandidate(settings, 'running'));
	const guide = useRead('card guide', () => readCardGuide());
	return (
		<PageFrame title="Client certificate testing" purpose={purpose} back={[{ to: '/certificate-login', label: 'Certificate login' }]}>
			{(live.loading || guide.loading) && <LoadingRows label="Reading the settings" rows={6} />}
			{live.error && <FailureNote title="The settings could not be read" error={live.error} retry={live.refresh} />}
			{live.data && guide.data && (
				<TrialForm
					pattern={String(live.data.value.pattern ?? defaults.pattern)}
					format={String(live.data.value.format ?? defaults.format)}
					hasOwn={guide.data.certificate.shown}
					examples={guide.data.examples}
				/>
			)}
		</PageFrame>
	);
}

/** What is chosen in the form; a file is read here. */
interface Upload {
	text: string;
	base64: boolean;
	file: string | null;
}

const nothing: Upload = { text: '', base64: false, file: null };

function TrialForm({ pattern: livePattern, format: liveFormat, hasOwn, examples }: { pattern: string; format: string; hasOwn: boolean; examples: CardExample[] }) {
	const { config } = useLive();
	const [source, setSource] = useState<'upload' | 'connection'>(hasOwn ? 'connection' : 'upload');
	const [upload, setUpload] = useState<Upload>(nothing);
	const [sent, setSent] = useState<Upload | null>(null);
	const [pattern, setPattern] = useState(livePattern);
	const [format, setFormat] = useState(liveFormat);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [trial, setTrial] = useState<CardTrial | null>(null);
	const [kept, setKept] = useState(false);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		setKept(false);
		const again = source === 'upload' && sent === upload;
		try {
			setTrial(await tryCard(source === 'connection' || again
				? { source: again ? 'kept' : 'connection', pattern, format }
				: { source, certificate: upload.text, base64: upload.base64, pattern, format }));
			setSent(source === 'upload' ? upload : sent);
		} catch (error) {
			setTrial(null);
			setSent(null);
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	const fill = (example: CardExample | undefined) => {
		setPattern(example?.pattern ?? livePattern);
		setFormat(example?.format ?? liveFormat);
	};
	const keep = async () => {
		try {
			const candidate = await readCandidate(settings);
			await putContainer(settings, { ...candidate.value, pattern, format }, candidate.etag);
			setKept(true);
			config.refresh();
		} catch (error) {
			setFailure(messageOf(error));
		}
	};
	return (
		<Stack hasGutter>
			<Card>
				<CardBody>
					<Form onSubmit={submit} noValidate>
						<FormGroup role="radiogroup" label="Certificate" fieldId="source" isStack>
							<Radio id="source-upload" name="source" label="From a file or pasted: PEM, DER, or the text that openssl prints" isChecked={source === 'upload'} onChange={() => setSource('upload')} />
							<Radio id="source-own" name="source" label="The one that this browser shows now" isChecked={source === 'connection'} isDisabled={!hasOwn} onChange={() => setSource('connection')} description={hasOwn ? undefined : 'This connection shows none.'} />
						</FormGroup>
						{source === 'upload' && <UploadInput upload={upload} onChange={setUpload} />}
						<FormGroup label="Begin with" fieldId="example">
							<FormSelect id="example" value={examples.find((one) => one.pattern === pattern && one.format === format)?.id ?? ''} onChange={(_event, id) => fill(examples.find((one) => one.id === id))}>
								<FormSelectOption value="" label="Pattern and format of my own" />
								{examples.map((one) => <FormSelectOption key={one.id} value={one.id} label={one.title} />)}
							</FormSelect>
							<FormHelperText><HelperText><HelperTextItem>Which part of the certificate is the user name. The choice fills in pattern and format.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
						<FormGroup label="Pattern" fieldId="pattern">
							<TextInput id="pattern" value={pattern} onChange={(_event, value) => setPattern(value)} spellCheck="false" className="tp-mono" />
							<FormHelperText><HelperText><HelperTextItem>A regular expression the PHP way, with groups (?&lt;name&gt;…). The text has CN= without spaces, and a subject begins with its most specific part.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
						<FormGroup label="Format" fieldId="format">
							<TextInput id="format" value={format} onChange={(_event, value) => setFormat(value)} spellCheck="false" className="tp-mono" />
							<FormHelperText><HelperText><HelperTextItem>Text, with #name# where a group goes.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
						<div><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || (source === 'upload' && upload.text === '')}>Try</Button></div>
					</Form>
				</CardBody>
			</Card>
			<div aria-live="polite" className="tp-contents">
				{failure && <Notice variant="danger" title={failure} />}
				{trial && <Outcome trial={trial} />}
				{trial?.string && (pattern !== livePattern || format !== liveFormat) && !kept && <div><Button variant="secondary" onClick={keep}>Make these settings permanent</Button></div>}
				{kept && <Notice variant="success" title="Saved to the candidate">The pattern and the format take effect when you <Link to="/changes">review and commit</Link> the changes.</Notice>}
			</div>
		</Stack>
	);
}

function UploadInput({ upload, onChange }: { upload: Upload; onChange: (next: Upload) => void }) {
	const input = useRef<HTMLInputElement>(null);
	const take = async (file: File | undefined) => {
		if (!file)
			return;
		const bytes = new Uint8Array(await file.arrayBuffer());
		onChange({ text: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')), base64: true, file: file.name });
	};
	return (
		<FormGroup label="File or text" fieldId="certificate-text">
			{upload.file
				? <p>{upload.file} is chosen. When the file changes, choose it again. <Button variant="link" isInline onClick={() => onChange(nothing)}>Paste a text instead</Button></p>
				: <TextArea id="certificate-text" value={upload.text} onChange={(_event, text) => onChange({ text, base64: false, file: null })} rows={5} className="tp-pem" resizeOrientation="vertical" placeholder="-----BEGIN CERTIFICATE-----" spellCheck="false" />}
			<Button variant="link" isInline onClick={() => input.current?.click()} className="tp-gap-above-small">Choose a file…</Button>
			<input ref={input} type="file" hidden accept=".pem,.crt,.cer,.der,.txt" aria-label="Certificate file" onChange={(event) => {
				void take(event.target.files?.[0]);
				event.target.value = '';
			}} />
		</FormGroup>
	);
}

const looks = { passed: { color: 'green', word: 'Passed' }, failed: { color: 'red', word: 'Failed' }, skipped: { color: 'grey', word: 'Not checked' } } as const;

function Check({ check }: { check: CardCheck }) {
	const look = looks[check.result];
	return <><Label isCompact variant="outline" color={look.color}>{look.word}</Label> {check.text}</>;
}

function Outcome({ trial }: { trial: CardTrial }) {
	const verdict = trial.valid === null ? { variant: 'info' as const, title: 'Only a text: its validity cannot be checked' } : trial.valid ? { variant: 'success' as const, title: 'The certificate is valid' } : { variant: 'danger' as const, title: 'The certificate would be refused' };
	return (
		<>
			<Card>
				<CardHeader><CardTitle component="h2">Validity</CardTitle></CardHeader>
				<CardBody>
					<Notice variant={verdict.variant} title={verdict.title} className="tp-gap-below" />
					{trial.certificate && <Facts facts={[['Subject', trial.certificate.subject], ['Issuer', trial.certificate.issuer], ['Serial number', trial.certificate.serial]]} className="tp-gap-below" />}
					<Facts aria-label="Checks" facts={trial.checks.map((check) => [check.name, <Check key={check.name} check={check} />])} />
				</CardBody>
			</Card>
			<Card>
				<CardHeader><CardTitle component="h2">User name</CardTitle></CardHeader>
				<CardBody>
					<Facts facts={[['Resulting string', trial.string ?? trial['string-reason']], ['Account', accountWords(trial)]]} />
					{trial.again && <Notice variant="warning" title="The pattern fits a second place of the text" className="tp-gap-above">Who gets to choose other parts of a certificate could choose the name, too. Begin with one of the examples: they take one place alone.</Notice>}
					{trial.text && <ExpandableSection toggleText="Text that the pattern runs over" className="tp-gap-above"><CodeBlock><CodeBlockCode>{trial.text}</CodeBlockCode></CodeBlock></ExpandableSection>}
				</CardBody>
			</Card>
		</>
	);
}

function accountWords({ account }: CardTrial): string | null {
	if (!account)
		return null;
	return account.administers ? 'May change settings.' : account.reason;
}
