// Which ports are open here and which this appliance opens elsewhere: the list to
// hand to those who run the firewalls.
import { Button, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readPorts } from '../api/status';
import type { Port } from '../api/types';
import { useSession } from '../app/SessionContext';
import { useRead } from '../app/usePoll';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';

export function Ports() {
	const { session } = useSession();
	const reading = useRead('ports', readPorts);
	const inward = reading.data?.filter((port) => port.direction !== 'out') ?? [];
	const outward = reading.data?.filter((port) => port.direction === 'out') ?? [];
	const download = () => {
		const blob = new Blob([portsCsv(reading.data ?? [])], { type: 'text/csv' });
		const link = document.createElement('a');
		link.href = URL.createObjectURL(blob);
		link.download = `ports-${session['host-name'] ?? 'turnpike'}.csv`;
		link.click();
		URL.revokeObjectURL(link.href);
	};
	return (
		<PageFrame title="Open ports" purpose="Made from the running configuration: what firewalls must let through, and nothing else is open." actions={reading.data && <Button variant="secondary" onClick={download}>Download as CSV</Button>}>
			{reading.loading && <LoadingRows label="Reading the ports" />}
			{reading.error && <FailureNote title="The ports could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data?.length === 0 && <Nothing title="No ports">The running configuration opens none.</Nothing>}
			{inward.length > 0 && <PortTable title="Inward: listening here" ports={inward} />}
			{outward.length > 0 && <PortTable title="Outward: opened by this appliance" ports={outward} />}
		</PageFrame>
	);
}

function PortTable({ title, ports }: { title: string; ports: Port[] }) {
	return (
		<>
			<Title headingLevel="h2" size="lg" className="tp-section-title">{title}</Title>
			<Table variant="compact" aria-label={title} gridBreakPoint="grid-md">
				<Thead><Tr><Th width={10}>Protocol</Th><Th width={25}>Address</Th><Th width={15}>Port</Th><Th width={25}>Service</Th><Th modifier="nowrap">Peer</Th></Tr></Thead>
				<Tbody>
					{ports.map((port, at) => (
						<Tr key={at}>
							<Td dataLabel="Protocol">{port.protocol}</Td>
							<Td dataLabel="Address">{port.address}</Td>
							<Td dataLabel="Port" className="tp-number">{String(port.port)}</Td>
							<Td dataLabel="Service">{port.service}</Td>
							<Td dataLabel="Peer">{port.peer || 'any'}</Td>
						</Tr>
					))}
				</Tbody>
			</Table>
		</>
	);
}

/** A cell that begins like a formula would run in a spreadsheet: it gets a quote. */
function portsCsv(ports: Port[]): string {
	const cell = (value: unknown) => {
		const text = String(value ?? '');
		return `"${(/^[=+\-@\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
	};
	const rows = ports.map((port) => [port.direction, port.protocol, port.address, port.port, port.service, port.peer].map(cell).join(','));
	return ['direction,protocol,address,port,service,peer', ...rows].join('\r\n');
}
