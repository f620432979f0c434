// Which of our certificates stand in TLS connections: after a change, the old one is
// shown until the last connection that was made with it has ended.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readSerials, type SerialInUse } from '../api/tls';
import { usePoll } from '../app/usePoll';
import { countText, timeText } from './format';
import { Notice } from './Notice';
import { FailureNote, LoadingRows } from './notes';

export function SerialsInUse() {
	const reading = usePoll('tls-serials', readSerials, 5000);
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">Serial numbers in use</CardTitle>
				<p className="tp-quiet">New connections show the certificate in force; what stands with an older one goes on until it ends.</p>
			</CardHeader>
			<CardBody>
				{reading.loading && <LoadingRows label="Reading the serial numbers" rows={3} />}
				{reading.error && <FailureNote title="The serial numbers could not be read" error={reading.error} retry={reading.refresh} />}
				{reading.data && !reading.data.complete && <Notice variant="warning" title="SIP does not answer: only the web interface is shown" className="tp-gap-below-small" />}
				{reading.data && <SerialTable serials={reading.data.serials} />}
			</CardBody>
		</Card>
	);
}

function SerialTable({ serials }: { serials: SerialInUse[] }) {
	return (
		<Table variant="compact" aria-label="Serial numbers in use" gridBreakPoint="grid-lg">
			<Thead><Tr><Th>Service</Th><Th>Serial number</Th><Th>State</Th><Th modifier="nowrap">Connections</Th><Th>Oldest since</Th><Th>Subject</Th></Tr></Thead>
			<Tbody>
				{serials.map((row) => (
					<Tr key={`${row.service} ${row.side} ${row.fingerprint}`}>
						<Td dataLabel="Service">{row.label}{row.side === 'client' && ', outgoing'}</Td>
						<Td dataLabel="Serial number" className="tp-mono tp-small tp-break">{row.serial}</Td>
						<Td dataLabel="State"><Label isCompact variant="outline" status={row.current ? 'success' : 'warning'}>{row.current ? 'In force' : 'Replaced'}</Label></Td>
						<Td dataLabel="Connections" className="tp-number">{countText(row.connections)}</Td>
						<Td dataLabel="Oldest since">{timeText(row['oldest-at'])}</Td>
						<Td dataLabel="Subject" className="tp-break">{row.subject}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
