// What happened on the appliance, and who changed its configuration.
import { Pagination, SearchInput, Tab, Tabs, TabTitleText, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readLog } from '../api/status';
import { useRouter } from '../app/router';
import { usePoll } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { timeText } from '../parts/format';
import { SeverityLabel } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { usePaging } from '../parts/usePaging';

type Kind = 'event' | 'configuration';

export function Log({ kind }: { kind: Kind }) {
	const { go } = useRouter();
	return (
		<PageFrame title="Event log" purpose="What happened on this appliance, and who changed its configuration. Newest first.">
			<Tabs activeKey={kind} onSelect={(_event, key) => go(key === 'configuration' ? '/log/configuration' : '/log')} aria-label="Kind of log">
				<Tab eventKey="event" title={<TabTitleText>Events</TabTitleText>}>{kind === 'event' && <Lines kind="event" />}</Tab>
				<Tab eventKey="configuration" title={<TabTitleText>Configuration</TabTitleText>}>{kind === 'configuration' && <Lines kind="configuration" />}</Tab>
			</Tabs>
		</PageFrame>
	);
}

function Lines({ kind }: { kind: Kind }) {
	const paging = usePaging(50);
	const reading = usePoll(`log ${kind} ${paging.key}`, (signal) => readLog({ ...paging.page, kind }, signal), 5000);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	return (
		<>
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter the log" placeholder="Filter by text" value={paging.typed} onChange={(_event, value) => paging.type(value)} onClear={() => paging.type('')} /></ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data?.total ?? 0)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the log" rows={8} />}
			{!data && reading.error && <FailureNote title="The log could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data?.total === 0 && <Nothing title={paging.typed ? 'Nothing matches' : 'Nothing was logged yet'} icon={ListIcon}>{paging.typed ? `No line has “${paging.typed}” in it.` : 'Lines appear here as things happen.'}</Nothing>}
			{data && data.total > 0 && (
				<Table variant="compact" aria-label="Log lines" gridBreakPoint="grid-lg">
					<Thead><Tr><Th modifier="nowrap">Time</Th><Th modifier="nowrap">Severity</Th><Th modifier="nowrap">Event</Th><Th>Text</Th><Th width={20}>Who</Th></Tr></Thead>
					<Tbody>
						{data.lines.map((line, at) => (
							<Tr key={`${line.at} ${at}`}>
								<Td dataLabel="Time" modifier="nowrap" className="tp-number">{timeText(line.at)}</Td>
								<Td dataLabel="Severity"><SeverityLabel severity={line.severity} /></Td>
								<Td dataLabel="Event">{line.name}</Td>
								<Td dataLabel="Text" className="tp-break">{line.text}</Td>
								<Td dataLabel="Who">{[line.user, line.source].filter(Boolean).join(' from ') || '–'}</Td>
							</Tr>
						))}
					</Tbody>
				</Table>
			)}
		</>
	);
}
