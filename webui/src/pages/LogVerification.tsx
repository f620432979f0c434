// Whether the audit log is what was written: verification, the whole chain, the public key.
import { Alert, Button, Content, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, Flex } from '@patternfly/react-core';
import { useState } from 'react';
import { auditKeyAddress, exportAudit, verifyAudit, type Verification } from '../api/logs';
import { FailureNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { plural } from '../parts/format';
import { saveText } from '../parts/saveText';

export function LogVerification() {
	const [busy, setBusy] = useState('');
	const [result, setResult] = useState<Verification | null>(null);
	const [error, setError] = useState<Error | null>(null);
	const run = (what: string, work: () => Promise<void>) => {
		setBusy(what);
		setError(null);
		work()
			.catch((fault: unknown) => setError(fault instanceof Error ? fault : new Error(String(fault))))
			.finally(() => setBusy(''));
	};
	const verify = () => run('verify', async () => setResult(await verifyAudit()));
	const save = () => run('export', async () => saveText(await exportAudit(), 'turnpike-audit.jsonl', 'application/x-ndjson'));
	return (
		<PageFrame title="Verify the audit log" back={[{ to: '/log', label: 'Logs' }]} purpose="Each record of the event and configuration logs is bound to the one before, and the supervisor vouches for the end of the chain outside of the database.">
			<Flex className="tp-gap-below">
				<Button onClick={verify} isLoading={busy === 'verify'} isDisabled={busy !== ''}>Verify now</Button>
				<Button variant="secondary" onClick={save} isLoading={busy === 'export'} isDisabled={busy !== ''}>Export the audit log</Button>
				<Button variant="link" component="a" href={auditKeyAddress} download="turnpike-audit-key.pem">Public key</Button>
			</Flex>
			<div aria-live="polite">
				{error && <FailureNote title="That did not work" error={error} retry={verify} />}
				{result && <Result result={result} />}
			</div>
			<Content component="p" className="tp-quiet">An export verifies without this appliance: turnpikectl audit verify --file turnpike-audit.jsonl --key turnpike-audit-key.pem</Content>
		</PageFrame>
	);
}

function Result({ result }: { result: Verification }) {
	const facts: [string, string][] = [
		['Records', `${result.records} (number ${result.first} to ${result.last})`],
		['Sealed by the supervisor', result.sealed ? `up to number ${result.sealed}` : 'none yet'],
		['Not yet sealed', plural(result.unsealed, 'record')],
	];
	return (
		<>
			{result.verified
				? <Alert isInline component="h2" variant="success" title="The audit log verifies" className="tp-gap-below" />
				: <Alert isInline component="h2" variant="danger" title="The audit log does not verify" className="tp-gap-below"><ul>{result.findings.map((found) => <li key={`${found.fault} ${found.first}`}>{found.text}</li>)}</ul></Alert>}
			<DescriptionList isHorizontal isCompact className="tp-gap-below">
				{facts.map(([name, value]) => <DescriptionListGroup key={name}><DescriptionListTerm>{name}</DescriptionListTerm><DescriptionListDescription>{value}</DescriptionListDescription></DescriptionListGroup>)}
			</DescriptionList>
		</>
	);
}
