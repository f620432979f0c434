// The processes of the appliance and how often each was started again.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ProcessStatus } from '../../api/types';
import { countText, durationText, secondsSince } from '../../parts/format';

export function ProcessesCard({ processes }: { processes: ProcessStatus[] }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Processes</CardTitle></CardHeader>
			<CardBody>
				<Table variant="compact" borders={false} aria-label="Processes" gridBreakPoint="grid-md">
					<Thead>
						<Tr><Th modifier="nowrap">Process</Th><Th modifier="nowrap">State</Th><Th modifier="nowrap">Up for</Th><Th modifier="nowrap">Restarts</Th><Th modifier="nowrap">Last end</Th></Tr>
					</Thead>
					<Tbody>
						{processes.map((process) => (
							<Tr key={process.name}>
								<Td dataLabel="Process"><span className="tp-strong">{process.name}</span> <span className="tp-quiet">{process.pid > 0 && process.pid}</span></Td>
								<Td dataLabel="State">{process.ready ? <Label isCompact variant="outline" status="success">Ready</Label> : <Label isCompact variant="outline" status="danger">{process.pid > 0 ? 'Starting' : 'Stopped'}</Label>}</Td>
								<Td dataLabel="Up for">{durationText(secondsSince(process['started-at']))}</Td>
								<Td dataLabel="Restarts">{countText(process.restarts)}</Td>
								<Td dataLabel="Last end">{process['last-end'] || '–'}</Td>
							</Tr>
						))}
					</Tbody>
				</Table>
			</CardBody>
		</Card>
	);
}
