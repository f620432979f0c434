// One zone: how it is now, and how it is configured.
import { Button, Card, CardBody, CardHeader, CardTitle, Flex, Grid, GridItem } from '@patternfly/react-core';
import { useState } from 'react';
import type { ConfigTree } from '../api/config';
import type { ZoneStatus } from '../api/types';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { useRouter } from '../app/router';
import { choiceLabel, findNode, type SchemaNode } from '../model/schema';
import { applies, effective, type Scope } from '../model/when';
import { Facts } from '../parts/Facts';
import { countText, durationText, secondsSince, timeText } from '../parts/format';
import { ZoneStateLabel, zoneTypeText } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { DeleteZone } from './zones/DeleteZone';
import { isDefaultZone, useZones } from './zones/useZones';
import { roundTripText, zoneListPath } from './zones/words';
import { Notice } from '../parts/Notice';

export function ZonePage({ name }: { name: string }) {
	const { go } = useRouter();
	const { model } = useLive();
	const mayWrite = useMayWrite();
	const { rows, status, candidate } = useZones();
	const [deleting, setDeleting] = useState(false);
	const row = rows?.find((zone) => zone.name === name);
	const list = model.data && findNode(model.data, zoneListPath);
	const isDefault = row ? isDefaultZone(row) : false;
	const isClient = row?.status?.type === 'traversal-client' || row?.entry?.type === 'traversal-client';
	const actions = row && (
		<Flex gap={{ default: 'gapSm' }}>
			{isClient && mayWrite && <Button variant="secondary" onClick={() => go(`/traversal-test?zone=${encodeURIComponent(name)}`)}>Test the way</Button>}
			{mayWrite && (row.entry || isDefault) && <Button variant="secondary" onClick={() => go(isDefault ? '/zones-default' : `/zones/${encodeURIComponent(name)}/edit`)}>Edit</Button>}
			{mayWrite && row.entry && <Button variant="secondary" isDanger onClick={() => setDeleting(true)}>Delete</Button>}
		</Flex>
	);
	return (
		<PageFrame title={name} back={[{ to: '/zones', label: 'Zones' }]} badge={row?.status && <ZoneStateLabel state={row.status.state} />} actions={actions}>
			{!rows && !status.error && <LoadingRows label="Reading the zone" rows={6} />}
			{!rows && status.error && <FailureNote title="The zone could not be read" error={status.error} retry={status.refresh} />}
			{rows && <StaleNote error={status.error} />}
			{rows && !row && <Nothing title="There is no zone of this name" action={<Button variant="link" onClick={() => go('/zones')}>All zones</Button>}>It may have been deleted or renamed.</Nothing>}
			{row && (
				<Grid hasGutter>
					{row.status?.reason && <GridItem><Notice variant={row.status.state === 'failed' ? 'danger' : 'info'} title={row.status.reason} /></GridItem>}
					{!row.status && <GridItem><Notice variant="info" title="This zone is not committed yet">It starts to work when the changes are committed.</Notice></GridItem>}
					{row.status && <GridItem xl={6}><StateCard zone={row.status} /></GridItem>}
					{row.entry && list && <GridItem xl={6}><SettingsCard list={list} entry={row.entry} /></GridItem>}
				</Grid>
			)}
			{deleting && <DeleteZone name={name} onClose={() => setDeleting(false)} onDeleted={() => { candidate.refresh(); go('/zones'); }} />}
		</PageFrame>
	);
}

function StateCard({ zone }: { zone: ZoneStatus }) {
	const isTraversal = zone.type.startsWith('traversal');
	return (
		<Card isFullHeight>
			<CardHeader><CardTitle component="h2">State</CardTitle></CardHeader>
			<CardBody>
				<Facts facts={[
					['Type', zoneTypeText(zone.type)],
					['State', <span key="state"><ZoneStateLabel state={zone.state} /> for {durationText(secondsSince(zone['since-at']))}</span>],
					['Since', timeText(zone['since-at'])],
					['Peer', zone.peer],
					['Encryption', zone.tls],
					['Peer certificate', zone['peer-certificate'] && <span key="certificate" className="tp-mono tp-small">{zone['peer-certificate']}</span>],
					['Round trip', roundTripText(zone)],
					...(isTraversal ? [['Media hop', zone['hop-up'] ? `Up, peer seen at ${zone['hop-peer'] ?? '–'}` : 'Down'] as [string, string]] : []),
					['Calls now', countText(zone.calls)],
					['Times connected', countText(zone.connects)],
				]} />
			</CardBody>
		</Card>
	);
}

function SettingsCard({ list, entry }: { list: SchemaNode; entry: ConfigTree }) {
	const scope: Scope = { node: list, value: entry, up: null };
	const nodes = (list.nodes ?? []).filter((node) => node.name !== 'name' && applies(node, scope));
	return (
		<Card isFullHeight>
			<CardHeader><CardTitle component="h2">Settings</CardTitle></CardHeader>
			<CardBody><Facts facts={nodes.map((node) => [node.label, settingText(node, entry)])} /></CardBody>
		</Card>
	);
}

function settingText(node: SchemaNode, entry: ConfigTree): string {
	const raw = entry[node.name];
	if (node.kind === 'list')
		return Array.isArray(raw) ? raw.map((item) => Object.values(item as ConfigTree).join(', port ')).join('; ') : '–';
	const value = effective(node, raw);
	if (value === undefined || value === null)
		return '–';
	if (node.type === 'boolean')
		return String(value) === 'true' ? 'On' : 'Off';
	return `${choiceLabel(node, String(value))}${node.units ? ` ${node.units}` : ''}`;
}
