// The calls that are up, refreshed every two seconds.
import { Pagination, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import PhoneIcon from '@patternfly/react-icons/dist/esm/icons/phone-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readCalls } from '../../api/status';
import type { Call } from '../../api/types';
import { Link } from '../../app/router';
import { usePoll } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';
import { aliasText, clockText, timeText } from '../../parts/format';
import { CallStateLabel } from '../../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../../parts/notes';
import { usePaging } from '../../parts/usePaging';
import { pathText } from './words';

export function LiveCalls() {
	const paging = usePaging(50);
	const reading = usePoll(`calls ${paging.key}`, (signal) => readCalls({ ...paging.page, filter: undefined }, signal), 2000);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	return (
		<div className="tp-tab">
			{!data && reading.loading && <LoadingRows label="Reading the calls" />}
			{!data && reading.error && <FailureNote title="The calls could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data && data.total > paging.page.limit && (
				<Toolbar><ToolbarContent><ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data.total)} /></ToolbarItem></ToolbarContent></Toolbar>
			)}
			{data?.total === 0 && <Nothing title="No calls right now" icon={PhoneIcon}>A call appears here the moment its INVITE arrives, with its counters while it lasts.</Nothing>}
			{data && data.total > 0 && <LiveTable calls={data.calls} />}
		</div>
	);
}

function LiveTable({ calls }: { calls: Call[] }) {
	return (
		<Table variant="compact" aria-label="Live calls" gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={25}>From</Th><Th width={25}>To</Th><Th modifier="nowrap">Way</Th><Th modifier="nowrap">State</Th><Th modifier="nowrap">Duration</Th><Th modifier="nowrap">Started</Th></Tr></Thead>
			<Tbody>
				{calls.map((call) => (
					<Tr key={call.id}>
						<Td dataLabel="From" className="tp-break"><Link to={`/calls/live/${encodeURIComponent(call.id)}`} className="tp-strong">{aliasText(call.from)}</Link></Td>
						<Td dataLabel="To" className="tp-break">{aliasText(call.to)}</Td>
						<Td dataLabel="Way" modifier="nowrap">{pathText(call)}</Td>
						<Td dataLabel="State"><CallStateLabel state={call.state} /></Td>
						<Td dataLabel="Duration" className="tp-number">{call['answered-at'] ? clockText(call['duration-s']) : '–'}</Td>
						<Td dataLabel="Started" modifier="nowrap" className="tp-number">{timeText(call['started-at'])}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
