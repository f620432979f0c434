// Who logged in, or tried to: of all accounts, or one's own.
import { FormSelect, FormSelectOption, Pagination, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { readLogins, type LoginRecord, type LoginResult } from '../../api/sessions';
import { usePoll } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';
import { durationText, timeText } from '../../parts/format';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../../parts/notes';
import { PageFrame } from '../../parts/PageFrame';
import { usePaging } from '../../parts/usePaging';
import { endNames, failureNames, methodNames, protocolNames } from './words';

export function OwnLogins() {
	return <PageFrame title="Your logins" purpose="When your account logged in, or somebody tried to with its name. Newest first."><LoginHistory own /></PageFrame>;
}

export function LoginHistory({ own = false }: { own?: boolean }) {
	const paging = usePaging(50);
	const [result, setResult] = useState<LoginResult>('all');
	const reading = usePoll(`logins ${own} ${result} ${paging.key}`, (signal) => readLogins(own, result, paging.page, signal), 10_000);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const choose = (value: string) => {
		setResult(value as LoginResult);
		paging.props(0).onSetPage?.({} as React.MouseEvent, 1);
	};
	return (
		<>
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter the logins" placeholder={own ? 'Filter by address' : 'Filter by user or address'} value={paging.typed} onChange={(_event, value) => paging.type(value)} onClear={() => paging.type('')} /></ToolbarItem>
					<ToolbarItem>
						<FormSelect aria-label="Result" value={result} onChange={(_event, value) => choose(value)}>
							<FormSelectOption value="all" label="All logins" />
							<FormSelectOption value="successful" label="Successful" />
							<FormSelectOption value="unsuccessful" label="Unsuccessful" />
						</FormSelect>
					</ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data?.total ?? 0)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the logins" rows={8} />}
			{!data && reading.error && <FailureNote title="The logins could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data?.total === 0 && <Nothing title="No logins" icon={ListIcon}>{paging.typed || result !== 'all' ? 'No login fits this filter.' : 'Logins appear here.'}</Nothing>}
			{data && data.total > 0 && <Logins logins={data.logins} />}
		</>
	);
}

function Logins({ logins }: { logins: LoginRecord[] }) {
	return (
		<Table variant="compact" aria-label="Logins" gridBreakPoint="grid-xl">
			<Thead><Tr><Th modifier="nowrap">Start</Th><Th>User</Th><Th>From</Th><Th>Over</Th><Th>Method</Th><Th modifier="nowrap">End</Th><Th modifier="nowrap">Duration</Th><Th>How it ended</Th></Tr></Thead>
			<Tbody>
				{logins.map((login) => (
					<Tr key={login.id}>
						<Td dataLabel="Start" modifier="nowrap" className="tp-number">{timeText(login['started-at'])}</Td>
						<Td dataLabel="User" className="tp-break">{login.user || (login.method === 'first-login-secret' ? 'First run' : 'Unknown name')}</Td>
						<Td dataLabel="From" className="tp-number">{login.source === 'socket' ? 'This appliance' : login.source}</Td>
						<Td dataLabel="Over">{protocolNames[login.protocol]}</Td>
						<Td dataLabel="Method">{methodNames[login.method]}</Td>
						<Td dataLabel="End" modifier="nowrap" className="tp-number">{timeText(login['ended-at'])}</Td>
						<Td dataLabel="Duration" modifier="nowrap">{durationText(login['duration-s'])}</Td>
						<Td dataLabel="How it ended">{login.failure ? `Refused: ${failureNames[login.failure]}` : login.end && endNames[login.end]}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
