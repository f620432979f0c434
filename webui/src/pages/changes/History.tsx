// The kept revisions: who, when, why; compare any two, restore any.
import { Button, Pagination, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { readRevisions, restore } from '../../api/config';
import type { Revision } from '../../api/types';
import { useMayWrite } from '../../app/access';
import { useLive } from '../../app/Live';
import { Link, useRouter } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { countText, timeText } from '../../parts/format';
import { RevisionStateLabel } from '../../parts/labels';
import { FailureNote, LoadingRows, Nothing } from '../../parts/notes';
import { RowActions } from '../../parts/RowActions';
import { usePaging } from '../../parts/usePaging';
import { Notice } from '../../parts/Notice';

const comparePath = (from: string, to: string) => `/changes/compare?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;

export function History() {
	const { go } = useRouter();
	const { config } = useLive();
	const paging = usePaging();
	const status = config.data;
	const reading = useRead(`revisions ${paging.key} ${status?.running.revision} ${status?.trial?.revision}`, () => readRevisions(paging.page.offset, paging.page.limit));
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const [chosen, setChosen] = useState<string[]>([]);
	const [restoring, setRestoring] = useState<string | null>(null);
	const running = status?.running.revision;
	const pair = chosen.toSorted((a, b) => Number(a) - Number(b));

	const choose = (revision: string, on: boolean) =>
		setChosen(on ? [...chosen, revision].slice(-2) : chosen.filter((other) => other !== revision));

	return (
		<>
			{!data && reading.loading && <LoadingRows label="Reading the history" />}
			{!data && reading.error && <FailureNote title="The history could not be read" error={reading.error} retry={reading.refresh} />}
			{data?.total === 0 && <Nothing title="No revisions">The first commit begins the history.</Nothing>}
			{data && data.total > 0 && (
				<>
					<Toolbar>
						<ToolbarContent>
							<ToolbarItem><Button variant="secondary" isDisabled={pair.length !== 2} onClick={() => go(comparePath(pair[0] ?? '', pair[1] ?? ''))}>{pair.length === 2 ? `Compare ${pair[0]} with ${pair[1]}` : 'Choose two to compare'}</Button></ToolbarItem>
							<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data.total)} /></ToolbarItem>
						</ToolbarContent>
					</Toolbar>
					<Table variant="compact" aria-label="Revisions" gridBreakPoint="grid-lg">
						<Thead><Tr><Th screenReaderText="Choose" /><Th modifier="nowrap">Revision</Th><Th modifier="nowrap">When</Th><Th modifier="nowrap">Who</Th><Th width={35}>Comment</Th><Th modifier="nowrap">Changes</Th><Th modifier="nowrap">State</Th><Th screenReaderText="Actions" /></Tr></Thead>
						<Tbody>
							{data.revisions.map((revision, at) => (
								<Row key={revision.revision} revision={revision} at={at} running={running} isChosen={chosen.includes(revision.revision)} onChoose={(on) => choose(revision.revision, on)} onRestore={() => setRestoring(revision.revision)} />
							))}
						</Tbody>
					</Table>
				</>
			)}
			{restoring !== null && (
				<ConfirmDialog title={`Restore revision ${restoring}?`} action="Restore to the candidate" isDanger={(status?.changes ?? 0) > 0} onClose={() => setRestoring(null)} onConfirm={async () => {
					await restore(restoring);
					config.refresh();
					go('/changes');
				}}>
					The candidate becomes revision {restoring}. Nothing changes on the appliance until you review and commit.
					{(status?.changes ?? 0) > 0 && <Notice variant="warning" title="The pending changes are replaced" className="tp-gap-above" />}
				</ConfirmDialog>
			)}
		</>
	);
}

interface RowProps {
	revision: Revision;
	at: number;
	running: string | undefined;
	isChosen: boolean;
	onChoose: (on: boolean) => void;
	onRestore: () => void;
}

function Row({ revision, at, running, isChosen, onChoose, onRestore }: RowProps) {
	const { go } = useRouter();
	const mayWrite = useMayWrite();
	const number = revision.revision;
	const before = String(Number(number) - 1);
	const actions = [
		...(Number(number) > 1 ? [{ title: `What it changed (against ${before})`, onClick: () => go(comparePath(before, number)) }] : []),
		...(running && running !== number ? [{ title: `Compare with what runs (${running})`, onClick: () => go(comparePath(number, running)) }] : []),
		...(mayWrite && running && running !== number ? [{ title: 'Restore…', onClick: onRestore }] : []),
	];
	return (
		<Tr>
			<Td select={{ rowIndex: at, isSelected: isChosen, onSelect: (_event, on) => onChoose(on) }} />
			<Td dataLabel="Revision"><Link to={Number(number) > 1 ? comparePath(before, number) : '/changes/history'} className="tp-strong">{number}</Link></Td>
			<Td dataLabel="When" modifier="nowrap" className="tp-number">{timeText(revision.at)}</Td>
			<Td dataLabel="Who">{revision.author}</Td>
			<Td dataLabel="Comment">{revision.comment || '–'}</Td>
			<Td dataLabel="Changes" className="tp-number">{countText(revision.changes)}</Td>
			<Td dataLabel="State"><RevisionStateLabel state={revision.state} running={revision.running} /></Td>
			<Td isActionCell>{actions.length > 0 && <RowActions items={actions} />}</Td>
		</Tr>
	);
}
