// The traversal link to the other half: up or why not.
import { Card, CardBody, CardHeader, CardTitle, Flex } from '@patternfly/react-core';
import type { ZoneStatus } from '../../api/types';
import { Link } from '../../app/router';
import { Facts } from '../../parts/Facts';
import { durationText, secondsSince } from '../../parts/format';
import { ZoneStateLabel } from '../../parts/labels';
import { LoadingRows } from '../../parts/notes';
import { roundTripText } from '../zones/words';
import { Notice } from '../../parts/Notice';

export function LinkCard({ links }: { links: ZoneStatus[] | null }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Traversal link</CardTitle></CardHeader>
			<CardBody>
				{links === null && <LoadingRows rows={2} label="Reading the link" />}
				{links?.length === 0 && <p className="tp-quiet">There is no traversal zone yet. <Link to="/zones/new">Create the zone to the other half</Link> to carry calls through the firewall.</p>}
				{links?.map((zone) => <OneLink key={zone.name} zone={zone} />)}
			</CardBody>
		</Card>
	);
}

function OneLink({ zone }: { zone: ZoneStatus }) {
	return (
		<div className="tp-link-block">
			<Flex gap={{ default: 'gapMd' }} alignItems={{ default: 'alignItemsCenter' }} className="tp-gap-below-small">
				<Link to={`/zones/${encodeURIComponent(zone.name)}`} className="tp-strong">{zone.name}</Link>
				<ZoneStateLabel state={zone.state} />
				<span className="tp-quiet">for {durationText(secondsSince(zone['since-at']))}</span>
			</Flex>
			{zone.state !== 'up' && zone.reason && <Notice variant={zone.state === 'failed' ? 'danger' : 'info'} isPlain title={zone.reason} className="tp-gap-below-small" />}
			<Facts
				columnModifier={{ default: '1Col', xl: '2Col' }}
				facts={[
					['Peer', zone.peer],
					['Encrypted with', zone.tls],
					['Round trip', roundTripText(zone)],
					['Media hop', zone['hop-up'] ? `Up${zone['hop-peer'] ? `, ${zone['hop-peer']}` : ''}` : 'Down'],
				]}
			/>
		</div>
	);
}
