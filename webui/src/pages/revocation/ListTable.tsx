// Revocation lists that are in use, one a row.
import { Label, type LabelProps } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { RevocationList } from '../../api/revocation';
import { countText, timeText } from '../../parts/format';

const looks: Record<RevocationList['state'], { status: LabelProps['status']; word: string }> = {
	current: { status: 'success', word: 'Current' },
	'ends-soon': { status: 'warning', word: 'Ends soon' },
	expired: { status: 'danger', word: 'Ended: all count as revoked' },
	'delta-ended': { status: 'warning', word: 'Ended: only the whole list counts' },
};

export function ListTable({ lists, label }: { lists: RevocationList[]; label: string }) {
	return (
		<Table variant="compact" borders={false} aria-label={label} gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={35}>Issuer</Th><Th modifier="nowrap">Published</Th><Th modifier="nowrap">Next update</Th><Th modifier="nowrap">Entries</Th><Th>State</Th></Tr></Thead>
			<Tbody>
				{lists.map((list, index) => (
					<Tr key={`${list.issuer} ${index}`}>
						<Td dataLabel="Issuer" className="tp-break">{list.issuer}{list.indirect && ' (for other authorities, too)'}{list.delta && ' (changes only)'}</Td>
						<Td dataLabel="Published" modifier="nowrap">{timeText(list['this-update-at'])}</Td>
						<Td dataLabel="Next update" modifier="nowrap">{timeText(list['next-update-at'])}</Td>
						<Td dataLabel="Entries">{countText(list.entries)}</Td>
						<Td dataLabel="State"><Label isCompact variant="outline" status={looks[list.state].status}>{looks[list.state].word}</Label></Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
