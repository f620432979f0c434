// Who was seen in the last 30 days with a version or suite that these settings do not have.
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { ExpandableSection } from '@patternfly/react-core';
import { useState } from 'react';
import type { AffectedPeer } from '../../api/ciphers';
import { plural, timeText } from '../../parts/format';
import { Notice } from '../../parts/Notice';
import { sideWord } from './words';

interface PeerNoteProps {
	peers: { seen: number; affected: AffectedPeer[] };
	service: string;
}

export function PeerNote({ peers, service }: PeerNoteProps) {
	const [open, setOpen] = useState(false);
	const { affected } = peers;
	if (affected.length === 0)
		return peers.seen > 0 ? <p className="tp-quiet">Everyone seen in the last 30 days can connect as before.</p> : null;
	const shutOut = new Set(affected.filter((row) => row.why === 'version').map((row) => row.peer)).size;
	const others = new Set(affected.map((row) => row.peer)).size - shutOut;
	const title = shutOut > 0 ? `${plural(shutOut, 'peer')} seen in the last 30 days would be shut out` : `${plural(others, 'peer')} seen in the last 30 days would need another suite`;
	return (
		<Notice variant={shutOut > 0 ? 'warning' : 'info'} title={title}>
			{shutOut > 0 && <p>They spoke an older version of TLS than the minimum.{others > 0 && ` ${plural(others, 'other')} would need another suite in common.`}</p>}
			<ExpandableSection toggleContent={<>{open ? 'Hide' : 'Show'} the peers<span className="pf-v6-screen-reader"> of {service}</span></>} isExpanded={open} onToggle={(_event, next) => setOpen(next)}>
				{open && (
					<Table variant="compact" aria-label={`Peers of ${service}`} gridBreakPoint="grid-lg">
						<Thead><Tr><Th>Peer</Th><Th>Direction</Th><Th>Spoke</Th><Th>Last seen</Th><Th>Would</Th></Tr></Thead>
						<Tbody>
							{affected.map((row) => (
								<Tr key={`${row.side} ${row.peer} ${row.protocol} ${row.cipher}`}>
									<Td dataLabel="Peer">{row.peer}</Td>
									<Td dataLabel="Direction">{sideWord(row.side)}</Td>
									<Td dataLabel="Spoke">{row.protocol.replace(/^TLSv1$/, 'TLS 1.0').replace(/^TLSv/, 'TLS ')}<div className="tp-mono tp-small">{row.cipher}</div></Td>
									<Td dataLabel="Last seen">{timeText(row['last-seen-at'])}</Td>
									<Td dataLabel="Would">{row.why === 'version' ? 'Be shut out' : 'Need another suite'}</Td>
								</Tr>
							))}
						</Tbody>
					</Table>
				)}
			</ExpandableSection>
		</Notice>
	);
}
