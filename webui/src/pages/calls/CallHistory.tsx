// Calls that ended, newest first.
import { Pagination, SearchInput, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import HistoryIcon from '@patternfly/react-icons/dist/esm/icons/history-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { readHistory, type CallResult } from '../../api/status';
import type { Call } from '../../api/types';
import { Link } from '../../app/router';
import { usePoll } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';
import { aliasText, clockText, timeText } from '../../parts/format';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../../parts/notes';
import { usePaging } from '../../parts/usePaging';
import { pathText, ResultLabel } from './words';

const results: [CallResult, string][] = [['all', 'All'], ['answered', 'Answered'], ['failed', 'Failed']];

export function CallHistory() {
	const paging = usePaging();
	const [result, setResult] = useState<CallResult>('all');
	const reading = usePoll(`history ${result} ${paging.key}`, (signal) => readHistory({ ...paging.page, result }, signal), 5000);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	return (
		<>
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter by address or Call-ID" placeholder="Filter by address or Call-ID" value={paging.typed} onChange={(_event, value) => paging.type(value)} onClear={() => paging.type('')} /></ToolbarItem>
					<ToolbarItem>
						<ToggleGroup aria-label="Result" isCompact>
							{results.map(([name, word]) => <ToggleGroupItem key={name} text={word} buttonId={`result-${name}`} isSelected={result === name} onChange={() => setResult(name)} />)}
						</ToggleGroup>
					</ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data?.total ?? 0)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the history" />}
			{!data && reading.error && <FailureNote title="The history could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data?.total === 0 && <Nothing title={paging.typed || result !== 'all' ? 'Nothing matches' : 'No calls yet'} icon={HistoryIcon}>{paging.typed || result !== 'all' ? 'No ended call fits this filter.' : 'Every call that ended, answered or not, is kept here with the reasons for its way.'}</Nothing>}
			{data && data.total > 0 && <HistoryTable calls={data.calls} />}
		</>
	);
}

function HistoryTable({ calls }: { calls: Call[] }) {
	return (
		<Table variant="compact" aria-label="Ended calls" gridBreakPoint="grid-lg">
			<Thead><Tr><Th modifier="nowrap">Started</Th><Th width={20}>From</Th><Th width={20}>To</Th><Th modifier="nowrap">Way</Th><Th modifier="nowrap">Result</Th><Th modifier="nowrap">Duration</Th><Th modifier="nowrap">End</Th></Tr></Thead>
			<Tbody>
				{calls.map((call) => (
					<Tr key={call.id}>
						<Td dataLabel="Started" modifier="nowrap" className="tp-number">{timeText(call['started-at'])}</Td>
						<Td dataLabel="From" className="tp-break"><Link to={`/calls/history/${encodeURIComponent(call.id)}`} className="tp-strong">{aliasText(call.from)}</Link></Td>
						<Td dataLabel="To" className="tp-break">{aliasText(call.to)}</Td>
						<Td dataLabel="Way" modifier="nowrap">{pathText(call)}</Td>
						<Td dataLabel="Result"><ResultLabel call={call} /></Td>
						<Td dataLabel="Duration" className="tp-number">{call['answered-at'] ? clockText(call['duration-s']) : '–'}</Td>
						<Td dataLabel="End">{call['end-reason'] || '–'}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
