// "What would happen now": each source asked about a peer's certificate, and the verdict.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { messageOf } from '../../api/http';
import { testRevocation, type RevocationLook, type RevocationSource, type RevocationTest } from '../../api/revocationTest';
import { Facts } from '../../parts/Facts';
import { Notice } from '../../parts/Notice';
import { PemInput } from '../../parts/PemInput';

export function TestCard() {
	const [pem, setPem] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [result, setResult] = useState<RevocationTest | null>(null);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		setResult(null);
		try {
			setResult(await testRevocation(pem));
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">What would happen now</CardTitle>
				<p className="tp-quiet">Every source in force is asked about a SIP peer’s certificate, as if it connected now. Responders are asked afresh.</p>
			</CardHeader>
			<CardBody>
				<Form onSubmit={submit} noValidate>
					<FormGroup label="Certificate of the peer, with those between it and the root" fieldId="revocation-pem">
						<PemInput id="revocation-pem" value={pem} onChange={setPem} placeholder="-----BEGIN CERTIFICATE-----" />
					</FormGroup>
					<div><Button type="submit" variant="secondary" isLoading={busy} isDisabled={busy || pem.trim() === ''}>Ask all sources</Button></div>
				</Form>
				<div aria-live="polite">
					{failure && <Notice variant="danger" title={failure} className="tp-gap-above" />}
					{result && <Outcome result={result} />}
				</div>
			</CardBody>
		</Card>
	);
}

function Outcome({ result }: { result: RevocationTest }) {
	const refused = result.verdict === 'refuse';
	return (
		<>
			<Notice variant={refused ? 'danger' : 'success'} title={refused ? 'The peer would be refused' : 'The peer would be accepted'} className="tp-gap-above">
				{result.trusted ? result.reason : `Its certificate is not trusted: ${result.reason}`}
			</Notice>
			{result.certificates.map((look) => <Look key={look.subject} look={look} />)}
		</>
	);
}

const sourceWords: Record<RevocationSource['source'], string> = { 'automatic-crl': 'Automatic CRL', 'manual-crl': 'Manual CRL', ocsp: 'OCSP' };

function sourceAnswer({ answer, responder }: RevocationSource): string {
	return responder ? `${answer} (${responder})` : answer;
}

function Look({ look }: { look: RevocationLook }) {
	return (
		<div className="tp-gap-above">
			<h3 className="tp-strong tp-break tp-gap-below-small">{look.subject}</h3>
			<Facts facts={[...look.sources.map((source): [string, string] => [sourceWords[source.source], sourceAnswer(source)]), ['Verdict', `${look.verdict === 'refuse' ? 'Refuse' : 'Accept'}: ${look.reason}`]]} />
		</div>
	);
}
