// All zones: what the running appliance reports, and what the candidate will change.
import { Button, Flex, Label } from '@patternfly/react-core';
import NetworkIcon from '@patternfly/react-icons/dist/esm/icons/network-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useMayWrite } from '../app/access';
import { Link, useRouter } from '../app/router';
import { countText, durationText, secondsSince } from '../parts/format';
import { ForChanges } from '../parts/ForChanges';
import { ZoneStateLabel, zoneTypeText } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { RowActions } from '../parts/RowActions';
import { DeleteZone } from './zones/DeleteZone';
import { isDefaultZone, useZones, type ZoneRow } from './zones/useZones';
import { roundTripText } from './zones/words';

export function ZoneList() {
	const { go } = useRouter();
	const { rows, status, candidate } = useZones();
	const [doomed, setDoomed] = useState<string | null>(null);
	const failure = status.error && !status.data ? status : candidate.error && !candidate.data ? candidate : null;
	const create = <ForChanges><Button variant="primary" onClick={() => go('/zones/new')}>Create zone</Button></ForChanges>;
	const actions = <Flex gap={{ default: 'gapSm' }}><Button variant="secondary" onClick={() => go('/zones-default')}>Default zone</Button>{create}</Flex>;
	return (
		<PageFrame title="Zones" purpose="The link to the other half of the pair, and the systems this appliance talks to." actions={actions}>
			{!rows && !failure && <LoadingRows label="Reading the zones" />}
			{failure && <FailureNote title="The zones could not be read" error={failure.error} retry={failure.refresh} />}
			{rows && <StaleNote error={status.error} />}
			{rows?.length === 0 && <Nothing title="No zones" icon={NetworkIcon} action={create}>Create the zone to the other half of the pair first.</Nothing>}
			{rows && rows.length > 0 && <ZoneTable rows={rows} onDelete={setDoomed} />}
			{doomed !== null && <DeleteZone name={doomed} onClose={() => setDoomed(null)} onDeleted={candidate.refresh} />}
		</PageFrame>
	);
}

function ZoneTable({ rows, onDelete }: { rows: ZoneRow[]; onDelete: (name: string) => void }) {
	return (
		<Table variant="compact" aria-label="Zones" gridBreakPoint="grid-xl">
			<Thead>
				<Tr>
					<Th width={15}>Name</Th><Th modifier="nowrap">Type</Th><Th width={30}>State</Th><Th modifier="nowrap">Peer</Th><Th modifier="nowrap">TLS</Th><Th modifier="nowrap">Round trip</Th><Th modifier="nowrap">Calls</Th><Th modifier="nowrap">Media hop</Th><Th screenReaderText="Actions" />
				</Tr>
			</Thead>
			<Tbody>{rows.map((row) => <Row key={row.name} row={row} onDelete={onDelete} />)}</Tbody>
		</Table>
	);
}

function Row({ row, onDelete }: { row: ZoneRow; onDelete: (name: string) => void }) {
	const { go } = useRouter();
	const mayWrite = useMayWrite();
	const { name, status, entry } = row;
	const to = `/zones/${encodeURIComponent(name)}`;
	const type = status?.type ?? String(entry?.type ?? '');
	const actions = [
		{ title: 'Details', onClick: () => go(to) },
		...(entry && mayWrite ? [{ title: 'Edit', onClick: () => go(`${to}/edit`) }, { title: 'Delete', onClick: () => onDelete(name) }] : []),
		...(isDefaultZone(row) ? [{ title: mayWrite ? 'Edit' : 'Settings', onClick: () => go('/zones-default') }] : []),
	];
	return (
		<Tr>
			<Td dataLabel="Name"><Link to={to} className="tp-strong">{name}</Link></Td>
			<Td dataLabel="Type" modifier="nowrap">{zoneTypeText(type)}</Td>
			<Td dataLabel="State">
				<div>
					{status && <ZoneStateLabel state={status.state} />} {status?.state === 'up' && <span className="tp-quiet">{durationText(secondsSince(status['since-at']))}</span>}
					{!status && <Label isCompact variant="outline" color="purple">Not committed</Label>}
					{status && !entry && !isDefaultZone(row) && <Label isCompact variant="outline" color="purple">Deleted in the candidate</Label>}
					{status?.reason && <div className="tp-reason">{status.reason}</div>}
				</div>
			</Td>
			<Td dataLabel="Peer">{status?.peer || '–'}</Td>
			<Td dataLabel="TLS" modifier="nowrap">{status?.tls ? status.tls.split(' ')[0] : '–'}</Td>
			<Td dataLabel="Round trip" modifier="nowrap">{status ? roundTripText(status) : '–'}</Td>
			<Td dataLabel="Calls">{status ? countText(status.calls) : '–'}</Td>
			<Td dataLabel="Media hop">{type.startsWith('traversal') && status ? (status['hop-up'] ? 'Up' : 'Down') : '–'}</Td>
			<Td isActionCell><RowActions items={actions} /></Td>
		</Tr>
	);
}
