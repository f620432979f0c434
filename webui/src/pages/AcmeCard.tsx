// What came of the last order of a certificate, when the next is due, and "Request now".
import { Button, Card, CardBody, CardHeader, CardTitle, Label, type LabelProps } from '@patternfly/react-core';
import { useState } from 'react';
import { requestCertificate, type Acme } from '../api/acme';
import { messageOf } from '../api/http';
import { Facts } from '../parts/Facts';
import { ForChanges } from '../parts/ForChanges';
import { timeText } from '../parts/format';
import { Notice } from '../parts/Notice';

const looks: Record<Acme['state'], { status?: LabelProps['status']; color?: LabelProps['color']; word: string }> = {
	off: { color: 'grey', word: 'Off' },
	idle: { color: 'grey', word: 'Nothing asked for yet' },
	working: { color: 'blue', word: 'Order under way' },
	waiting: { status: 'warning', word: 'Waiting to be put in use' },
	failed: { status: 'danger', word: 'Failed' },
	ok: { status: 'success', word: 'In use' },
};

function nextText(acme: Acme) {
	if (acme.state === 'off')
		return null;
	return acme['next-at'] ? timeText(acme['next-at']) : 'Not by itself: the present certificate did not come by ACME. Request one.';
}

export function AcmeCard({ acme, onChanged }: { acme: Acme; onChanged: () => void }) {
	const [failure, setFailure] = useState<string | null>(null);
	const look = looks[acme.state];
	const request = async () => {
		setFailure(null);
		try {
			await requestCertificate();
		} catch (error) {
			setFailure(messageOf(error));
		}
		onChanged();
	};
	return (
		<Card>
			<CardHeader actions={{ actions: <ForChanges><Button variant="secondary" size="sm" isLoading={acme.state === 'working'} isDisabled={acme.state === 'off' || acme.state === 'working'} onClick={() => void request()}>Request now</Button></ForChanges>, hasNoOffset: true }}>
				<CardTitle component="h2">Certificate by ACME</CardTitle>
				<p className="tp-quiet">{acme.state === 'off' ? 'ACME is off: switch it on below, save and commit.' : 'A new certificate is checked as an upload is, and then put in use by itself.'}</p>
			</CardHeader>
			<CardBody aria-live="polite">
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
				<Facts facts={[
					['State', <Label key="state" isCompact variant="outline" status={look.status} color={look.color}>{look.word}</Label>],
					['Last try', acme['tried-at'] && timeText(acme['tried-at'])],
					['Result', acme.result],
					['Names', acme.names],
					['Next renewal', nextText(acme)],
				]} />
			</CardBody>
		</Card>
	);
}
