// Health at a glance: the link to the other half, calls, phones, alarms, processes.
import { Grid, GridItem } from '@patternfly/react-core';
import { readStatus, readZones } from '../api/status';
import type { Status, ZoneStatus } from '../api/types';
import { useLive } from '../app/Live';
import { useSession } from '../app/SessionContext';
import { usePoll } from '../app/usePoll';
import { countText, durationText, secondsSince } from '../parts/format';
import { FailureNote, LoadingRows, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { CountersCard } from './overview/CountersCard';
import { ApplianceCard } from './overview/ApplianceCard';
import { Figure } from './overview/Figure';
import { LinkCard } from './overview/LinkCard';
import { OpenAlarmsCard } from './overview/OpenAlarmsCard';
import { ProcessesCard } from './overview/ProcessesCard';
import { Notice } from '../parts/Notice';

const pollMs = 2500;

export function Overview() {
	const status = usePoll('status', readStatus, pollMs);
	const zones = usePoll('zones', readZones, pollMs);
	const { session } = useSession();
	const reading = status.data;
	return (
		<PageFrame title="Overview" purpose={reading && `${reading['host-name'] || session['host-name']} has been up for ${durationText(secondsSince(reading['started-at']))}.`}>
			{status.loading && <LoadingRows label="Reading the status" rows={6} />}
			{!reading && status.error && <FailureNote title="The status could not be read" error={status.error} retry={status.refresh} />}
			{reading && (
				<>
					<StaleNote error={status.error} />
					<Body status={reading} zones={zones.data} />
				</>
			)}
		</PageFrame>
	);
}

function Body({ status, zones }: { status: Status; zones: ZoneStatus[] | null }) {
	const { alarms } = useLive();
	const links = zones?.filter((zone) => zone.type.startsWith('traversal')) ?? null;
	const silent = [!status.sip && 'signalling', !status.media && 'media'].filter(Boolean).join(' and ');
	const zoneCount = status.zones.up + status.zones.down;
	const openAlarms = status.alarms.critical + status.alarms.warning + status.alarms.information;
	return (
		<>
			{silent && <Notice variant="warning" title={`The ${silent} process did not answer within two seconds`} className="tp-gap-below" />}
			<Grid hasGutter span={6} md={3} className="tp-gap-below">
				<GridItem><Figure label="Calls now" value={status['calls-active']} note={status.sip ? `${countText(status.sip['calls-total'])} since the start` : undefined} to="/calls" /></GridItem>
				<GridItem><Figure label="Registrations" value={status.registrations} note={status.registrations === 1 ? 'phone' : 'phones'} to="/registrations" /></GridItem>
				<GridItem><Figure label="Zones up" value={status.zones.up} of={zoneCount > 0 ? zoneCount : undefined} tone={status.zones.down > 0 ? 'danger' : 'success'} note={status.zones.down > 0 ? `${status.zones.down} down` : zoneCount > 0 ? 'all reachable' : 'none yet'} to="/zones" /></GridItem>
				<GridItem><Figure label="Open alarms" value={openAlarms} tone={status.alarms.critical > 0 ? 'danger' : status.alarms.warning > 0 ? 'warning' : 'success'} note={status.alarms.critical > 0 ? `${status.alarms.critical} critical` : openAlarms === 0 ? 'all clear' : 'none critical'} to="/alarms" /></GridItem>
			</Grid>
			<Grid hasGutter>
				<GridItem lg={8}>
					<Grid hasGutter>
						<GridItem><LinkCard links={links} /></GridItem>
						<GridItem><ProcessesCard processes={status.processes} /></GridItem>
						<GridItem><CountersCard sip={status.sip} media={status.media} /></GridItem>
					</Grid>
				</GridItem>
				<GridItem lg={4}>
					<Grid hasGutter>
						<GridItem><ApplianceCard status={status} /></GridItem>
						<GridItem><OpenAlarmsCard alarms={alarms.data} /></GridItem>
					</Grid>
				</GridItem>
			</Grid>
		</>
	);
}
