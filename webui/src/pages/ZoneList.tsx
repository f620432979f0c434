// All zones: what the configuration says and what the running appliance reports.
import { Button } from '@patternfly/react-core';
import NetworkIcon from '@patternfly/react-icons/dist/esm/icons/network-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readZones } from '../api/status';
import type { ZoneStatus } from '../api/types';
import { Link, useRouter } from '../app/router';
import { usePoll } from '../app/usePoll';
import { countText, durationText, secondsSince } from '../parts/format';
import { ZoneStateLabel, zoneTypeText } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { roundTripText } from './zones/words';

export function ZoneList() {
	const { go } = useRouter();
	const zones = usePoll('zones', readZones, 2500);
	const create = <Button variant="primary" onClick={() => go('/zones/new')}>Create zone</Button>;
	return (
		<PageFrame title="Zones" purpose="The peers this appliance talks to, and the link to the other half." actions={create}>
			{zones.loading && <LoadingRows label="Reading the zones" />}
			{zones.error && !zones.data && <FailureNote title="The zones could not be read" error={zones.error} retry={zones.refresh} />}
			{zones.data && <StaleNote error={zones.error} />}
			{zones.data?.length === 0 && <Nothing title="No zones" icon={NetworkIcon} action={create}>Create the zone to the other half of the pair first.</Nothing>}
			{zones.data && zones.data.length > 0 && <ZoneTable zones={zones.data} />}
		</PageFrame>
	);
}

function ZoneTable({ zones }: { zones: ZoneStatus[] }) {
	return (
		<Table variant="compact" aria-label="Zones" gridBreakPoint="grid-xl">
			<Thead>
				<Tr><Th width={15}>Name</Th><Th>Type</Th><Th>State</Th><Th>Peer</Th><Th>Encryption</Th><Th modifier="nowrap">Round trip</Th><Th>Calls</Th><Th modifier="nowrap">Media hop</Th></Tr>
			</Thead>
			<Tbody>
				{zones.map((zone) => (
					<Tr key={zone.name}>
						<Td dataLabel="Name"><Link to={`/zones/${encodeURIComponent(zone.name)}`} className="tp-strong tp-break">{zone.name}</Link></Td>
						<Td dataLabel="Type" modifier="nowrap">{zoneTypeText(zone.type)}</Td>
						<Td dataLabel="State">
							<ZoneStateLabel state={zone.state} /> <span className="tp-quiet">{zone.state === 'up' && durationText(secondsSince(zone['since-at']))}</span>
							{zone.reason && <div className="tp-reason">{zone.reason}</div>}
						</Td>
						<Td dataLabel="Peer" className="tp-break">{zone.peer || '–'}</Td>
						<Td dataLabel="Encryption">{zone.tls ? zone.tls.split(' ')[0] : '–'}</Td>
						<Td dataLabel="Round trip" modifier="nowrap">{roundTripText(zone)}</Td>
						<Td dataLabel="Calls">{countText(zone.calls)}</Td>
						<Td dataLabel="Media hop">{zone.type.startsWith('traversal') ? (zone['hop-up'] ? 'Up' : 'Down') : '–'}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
