// Findings about a certificate: name, words, remedy; warnings can be accepted.
import { Checkbox, Label, type LabelProps } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { Finding } from '../../api/certificates';

const look: Record<Finding['severity'], { status: LabelProps['status']; word: string }> = {
	refuse: { status: 'danger', word: 'Refused' },
	warn: { status: 'warning', word: 'Warning' },
	note: { status: 'info', word: 'Note' },
};

interface FindingListProps {
	findings: Finding[];
	/** Which ones can be accepted, and which have been. */
	needed?: string[];
	accepted?: string[];
	onAccept?: (accepted: string[]) => void;
}

export function FindingList({ findings, needed = [], accepted = [], onAccept }: FindingListProps) {
	const accept = (id: string, on: boolean) => onAccept?.(on ? [...accepted, id] : accepted.filter((one) => one !== id));
	return (
		<Table variant="compact" aria-label="Findings" gridBreakPoint="grid-lg">
			<Thead><Tr><Th modifier="nowrap">Weight</Th><Th modifier="nowrap">Finding</Th><Th width={35}>What was found</Th><Th width={35}>Remedy</Th>{onAccept && <Th modifier="nowrap">Accept</Th>}</Tr></Thead>
			<Tbody>
				{findings.map((finding) => (
					<Tr key={`${finding.id} ${finding.text}`}>
						<Td dataLabel="Weight"><Label isCompact variant="outline" status={look[finding.severity].status}>{look[finding.severity].word}</Label></Td>
						<Td dataLabel="Finding" modifier="nowrap">{finding.id}</Td>
						<Td dataLabel="What was found" className="tp-break">{finding.text}</Td>
						<Td dataLabel="Remedy" className="tp-break">{finding.remedy || '–'}</Td>
						{onAccept && <Td dataLabel="Accept">{needed.includes(finding.id) ? <Checkbox id={`accept-${finding.id}`} label="Accept" isChecked={accepted.includes(finding.id)} onChange={(_event, on) => accept(finding.id, on)} /> : '–'}</Td>}
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
