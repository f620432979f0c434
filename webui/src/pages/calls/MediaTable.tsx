// Counters of every stream: what arrives from each side and what is sent to it.
import { Label } from '@patternfly/react-core';
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import type { Stream } from '../../api/types';
import { Facts } from '../../parts/Facts';
import { capital, countText, durationText, octetsText } from '../../parts/format';

const clear = new Set(['', 'none', 'plain', 'clear']);

export function MediaTable({ streams, isLive }: { streams: Stream[]; isLive: boolean }) {
	const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
	if (streams.length === 0)
		return <p className="tp-quiet">{isLive ? 'No media yet: it starts when the call is answered.' : 'This call had no media.'}</p>;
	const toggle = (key: string) => {
		const next = new Set(open);
		if (!next.delete(key))
			next.add(key);
		setOpen(next);
	};
	return (
		<Table variant="compact" borders={false} aria-label="Media streams" gridBreakPoint="grid-xl">
			<Thead>
				<Tr><Th screenReaderText="More" /><Th modifier="nowrap">Stream</Th><Th modifier="nowrap">Side</Th><Th modifier="nowrap">Encryption</Th><Th modifier="nowrap">Received</Th><Th modifier="nowrap">Lost</Th><Th modifier="nowrap">Jitter</Th><Th modifier="nowrap">Sent</Th><Th modifier="nowrap">Last packet</Th></Tr>
			</Thead>
			{streams.map((stream, at) => {
				const key = `${stream.index} ${stream.leg}`;
				const isOpen = open.has(key);
				return (
					<Tbody key={key} isExpanded={isOpen}>
						<Tr isContentExpanded={isOpen}>
							<Td expand={{ rowIndex: at, isExpanded: isOpen, onToggle: () => toggle(key), expandId: 'stream' }} />
							<Td dataLabel="Stream" modifier="nowrap">{capital(stream.type)} {stream.index + 1}</Td>
							<Td dataLabel="Side">{capital(stream.leg)} {stream.kind === 'hop' && <Label isCompact color="blue">to the other half</Label>}</Td>
							<Td dataLabel="Encryption">{encryptionText(stream)}</Td>
							<Td dataLabel="Received" className="tp-number" modifier="nowrap"><div>{countText(stream['rx-packets'])} <span className="tp-quiet tp-small">{octetsText(stream['rx-octets'])}</span></div></Td>
							<Td dataLabel="Lost" className="tp-number" modifier="nowrap">{lossText(stream)}</Td>
							<Td dataLabel="Jitter" className="tp-number" modifier="nowrap">{Number(stream['rx-packets']) > 0 ? `${stream['jitter-ms'].toFixed(1)} ms` : '–'}</Td>
							<Td dataLabel="Sent" className="tp-number" modifier="nowrap"><div>{countText(stream['tx-packets'])} <span className="tp-quiet tp-small">{octetsText(stream['tx-octets'])}</span></div></Td>
							<Td dataLabel="Last packet" className={stream.reason ? 'tp-danger-text' : undefined} modifier="nowrap">{silenceText(stream)}</Td>
						</Tr>
						<Tr isExpanded={isOpen}>
							<Td colSpan={9}><ExpandableRowContent><More stream={stream} /></ExpandableRowContent></Td>
						</Tr>
					</Tbody>
				);
			})}
		</Table>
	);
}

function More({ stream }: { stream: Stream }) {
	return (
		<Facts columnModifier={{ default: '1Col', lg: '2Col' }} facts={[
			['Own address', stream.local],
			['Signalled', stream['remote-signalled']],
			['Learned', stream['remote-learned']],
			['Receives with', stream['rx-suite'] || 'none'],
			['Sends with', stream['tx-suite'] || 'none'],
			['SRTP failures', countText(stream['srtp-failures'])],
			['SRTP replays', countText(stream['srtp-replays'])],
			['Wrong source', countText(stream['wrong-source'])],
			['Malformed', countText(stream.malformed)],
			['RTCP', `${countText(stream['rtcp-rx'])} received, ${countText(stream['rtcp-tx'])} sent`],
			...(stream.reason ? [['Reason', stream.reason] as [string, string]] : []),
		]} />
	);
}

function encryptionText(stream: Stream): string {
	const rx = stream['rx-suite'] ?? '';
	const tx = stream['tx-suite'] ?? '';
	if (clear.has(rx) && clear.has(tx))
		return stream.kind === 'hop' ? 'Hop, always encrypted' : 'None (RTP)';
	return rx === tx ? rx : `${rx || 'none'} in, ${tx || 'none'} out`;
}

function lossText(stream: Stream): string {
	const lost = Number(stream['rx-lost']);
	const received = Number(stream['rx-packets']);
	if (received === 0)
		return '–';
	return lost === 0 ? '0' : `${countText(lost)} (${((100 * lost) / (received + lost)).toFixed(2)} %)`;
}

function silenceText(stream: Stream): string {
	const ms = stream['silent-ms'];
	if (ms === null || ms === undefined || ms >= 4_294_967_295)
		return 'never';
	return ms < 1000 ? 'now' : `${durationText(Math.round(ms / 1000))} ago`;
}
