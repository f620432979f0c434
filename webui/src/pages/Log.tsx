// The three logs: what happened, who changed the configuration, which connections there were.
import { Alert, Button, Dropdown, DropdownItem, DropdownList, FormSelect, FormSelectOption, MenuToggle, Pagination, SearchInput, Switch, Tab, Tabs, TabTitleText, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { exportLog, readLog, readLogState, type ExportFormat, type LogKind, type LogQuery, type LogState } from '../api/logs';
import type { LogLine } from '../api/types';
import { Link, useRouter } from '../app/router';
import { usePoll } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { timeText } from '../parts/format';
import { SeverityLabel } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { saveText } from '../parts/saveText';
import { usePaging } from '../parts/usePaging';
import { LoginHistory } from './sessions/LoginHistory';

const paths: Record<LogKind | 'logins', string> = { logins: '/log/logins', event: '/log', configuration: '/log/configuration', network: '/log/network' };

const empty: Record<LogKind, string> = {
	event: 'Lines appear here as things happen.',
	configuration: 'Each change by an administrator appears here.',
	network: 'Connections appear here as they come up, fail and end.',
};

export function Log({ kind }: { kind: LogKind | 'logins' }) {
	const { go } = useRouter();
	const state = usePoll('log state', readLogState, 10_000);
	const actions = (
		<>
			<Button variant="secondary" component={(props) => <Link to="/log/verification" {...props} />}>Verify</Button>
			<Button variant="link" component={(props) => <Link to="/log/settings" {...props} />}>Settings</Button>
		</>
	);
	return (
		<PageFrame title="Logs" purpose="What happened on this appliance, who changed its configuration, and who connected. Newest first." actions={actions}>
			{state.data && <StateNotes state={state.data} />}
			<Tabs activeKey={kind} onSelect={(_event, key) => go(paths[key as keyof typeof paths])} aria-label="Kind of log">
				<Tab eventKey="event" title={<TabTitleText>Events</TabTitleText>}>{kind === 'event' && <Lines kind="event" />}</Tab>
				<Tab eventKey="configuration" title={<TabTitleText>Configuration</TabTitleText>}>{kind === 'configuration' && <Lines kind="configuration" />}</Tab>
				<Tab eventKey="network" title={<TabTitleText>Network</TabTitleText>}>{kind === 'network' && <Lines kind="network" />}</Tab>
				<Tab eventKey="logins" title={<TabTitleText>Login history</TabTitleText>}>{kind === 'logins' && <LoginHistory />}</Tab>
			</Tabs>
		</PageFrame>
	);
}

function StateNotes({ state }: { state: LogState }) {
	const full = (size: LogState['audit']) => size.bytes * 100 >= size['most-bytes'] * state['warn-percent'];
	return (
		<>
			{state.failing && <Alert isInline component="h2" variant="danger" title="The audit log cannot be written">Changes are refused until it can. Calls go on. Make room on the disk.</Alert>}
			{full(state.audit) && <Alert isInline component="h2" variant="warning" title={`The event and configuration logs are at ${state['warn-percent']} % of their size or above`}>Export them if you want to keep all: the oldest records go when the limit is reached.</Alert>}
			{full(state.network) && <Alert isInline component="h2" variant="warning" title={`The network log is at ${state['warn-percent']} % of its size or above`}>Export it if you want to keep all: the oldest records go when the limit is reached.</Alert>}
		</>
	);
}

function Lines({ kind }: { kind: LogKind }) {
	const paging = usePaging(50);
	const [severity, setSeverity] = useState(0);
	const [live, setLive] = useState(true);
	const wanted: LogQuery = { kind, filter: paging.page.filter, severity };
	const reading = usePoll(`log ${kind} ${severity} ${paging.key}`, (signal) => readLog({ ...paging.page, ...wanted }, signal), live ? 3000 : 0);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const isFiltered = Boolean(paging.typed) || severity > 0;
	return (
		<>
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter the log" placeholder="Filter by text" value={paging.typed} onChange={(_event, value) => paging.type(value)} onClear={() => paging.type('')} /></ToolbarItem>
					<ToolbarItem>
						<FormSelect aria-label="Severity" value={severity} onChange={(_event, value) => { setSeverity(Number(value)); paging.props(0).onSetPage?.({} as React.MouseEvent, 1); }}>
							<FormSelectOption value={0} label="Every severity" />
							<FormSelectOption value={1} label="Warning and worse" />
							<FormSelectOption value={2} label="Critical" />
						</FormSelect>
					</ToolbarItem>
					<ToolbarItem alignSelf="center"><Switch id={`live-${kind}`} label="Follow" isChecked={live} onChange={(_event, on) => setLive(on)} /></ToolbarItem>
					<ToolbarItem><ExportMenu wanted={wanted} /></ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data?.total ?? 0)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the log" rows={8} />}
			{!data && reading.error && <FailureNote title="The log could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data?.total === 0 && <Nothing title={isFiltered ? 'Nothing matches' : 'Nothing was logged yet'} icon={ListIcon}>{isFiltered ? 'No line fits this filter.' : empty[kind]}</Nothing>}
			{data && data.total > 0 && <LineTable kind={kind} lines={data.lines} />}
		</>
	);
}

function ExportMenu({ wanted }: { wanted: LogQuery }) {
	const [open, setOpen] = useState(false);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<Error | null>(null);
	const save = (format: ExportFormat) => {
		setBusy(true);
		setError(null);
		exportLog(wanted, format)
			.then((pieces) => saveText(pieces, `turnpike-${wanted.kind}-log.${format}`, format === 'csv' ? 'text/csv' : 'application/x-ndjson'))
			.catch((fault: unknown) => setError(fault instanceof Error ? fault : new Error(String(fault))))
			.finally(() => setBusy(false));
	};
	return (
		<>
			<Dropdown isOpen={open} onOpenChange={setOpen} onSelect={() => setOpen(false)} toggle={(ref) => <MenuToggle ref={ref} isExpanded={open} isDisabled={busy} onClick={() => setOpen(!open)}>{busy ? 'Exporting…' : 'Export'}</MenuToggle>}>
				<DropdownList>
					<DropdownItem onClick={() => save('csv')}>CSV</DropdownItem>
					<DropdownItem onClick={() => save('jsonl')}>JSON lines</DropdownItem>
				</DropdownList>
			</Dropdown>
			{error && <Alert isInline isPlain component="p" variant="danger" title={error.message} />}
		</>
	);
}

const who = (line: LogLine) => [line.user, line.source].filter(Boolean).join(' from ') || '–';

function LineTable({ kind, lines }: { kind: LogKind; lines: LogLine[] }) {
	return (
		<Table variant="compact" aria-label="Log lines" gridBreakPoint="grid-lg">
			<Thead>
				<Tr>
					<Th modifier="nowrap">Time</Th>
					<Th modifier="nowrap">Severity</Th>
					<Th modifier="nowrap">Event</Th>
					<Th>Text</Th>
					{kind === 'configuration' && <Th>Before and after</Th>}
					{kind === 'network' && <Th modifier="nowrap">Service</Th>}
					<Th width={20}>{kind === 'network' ? 'Peer' : 'Who'}</Th>
				</Tr>
			</Thead>
			<Tbody>
				{lines.map((line) => (
					<Tr key={line.id}>
						<Td dataLabel="Time" modifier="nowrap" className="tp-number">{timeText(line.at)}</Td>
						<Td dataLabel="Severity"><SeverityLabel severity={line.severity} /></Td>
						<Td dataLabel="Event">{line.name}</Td>
						<Td dataLabel="Text" className="tp-break">{line.text}{kind === 'configuration' && line.path && <div className="tp-quiet">{line.path}</div>}</Td>
						{kind === 'configuration' && <Td dataLabel="Before and after" className="tp-break">{line.path ? `${line.before ?? 'nothing'} → ${line.after ?? 'nothing'}` : '–'}</Td>}
						{kind === 'network' && <Td dataLabel="Service">{line.path ?? '–'}</Td>}
						<Td dataLabel={kind === 'network' ? 'Peer' : 'Who'} className="tp-break">{who(line)}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
