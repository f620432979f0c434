// All trusted CAs as people read certificates.
import { Card, CardBody } from '@patternfly/react-core';
import { readTrustText } from '../../api/certificates';
import { useRead } from '../../app/usePoll';
import { FailureNote, LoadingRows, Nothing } from '../../parts/notes';
import { PageFrame } from '../../parts/PageFrame';

export function DecodedCas() {
	const reading = useRead('trust decoded', (signal) => readTrustText(null, signal));
	return (
		<PageFrame title="All decoded" purpose="Every trusted CA of the candidate." back={[{ to: '/trusted-cas', label: 'Trusted CAs' }]}>
			{reading.loading && <LoadingRows label="Reading the certificates" rows={8} />}
			{reading.error && <FailureNote title="The certificates could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data === '' && <Nothing title="No authority is trusted yet">There is nothing to show.</Nothing>}
			{reading.data && <Card><CardBody><Decoded text={reading.data} label="All certificates, decoded" /></CardBody></Card>}
		</PageFrame>
	);
}

/** It scrolls sideways by itself, so it can be focused. */
export function Decoded({ text, label }: { text: string; label: string }) {
	return <pre className="tp-decoded" tabIndex={0} role="region" aria-label={label}>{text}</pre>;
}
