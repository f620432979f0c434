// Phones that are registered here, with filter and pages.
import { Pagination, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import PhoneIcon from '@patternfly/react-icons/dist/esm/icons/phone-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readRegistrations } from '../api/status';
import type { Registration } from '../api/types';
import { usePoll } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { aliasText, durationText, timeText } from '../parts/format';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { usePaging } from '../parts/usePaging';

export function Registrations() {
	const paging = usePaging();
	const reading = usePoll(`registrations ${paging.key}`, (signal) => readRegistrations(paging.page, signal), 3000);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	return (
		<PageFrame title="Registrations" purpose="Phones that have registered at this appliance.">
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter by address" placeholder="Filter by address" value={paging.typed} onChange={(_event, value) => paging.type(value)} onClear={() => paging.type('')} /></ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact {...paging.props(data?.total ?? 0)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the registrations" />}
			{!data && reading.error && <FailureNote title="The registrations could not be read" error={reading.error} retry={reading.refresh} />}
			{data && <StaleNote error={reading.error} />}
			{data?.total === 0 && (paging.typed
				? <Nothing title="Nothing matches">No registered phone has “{paging.typed}” in its address.</Nothing>
				: <Nothing title="No phone is registered" icon={PhoneIcon}>Phones need an account and a SIP domain of this appliance; both are set under Registrar.</Nothing>)}
			{data && data.total > 0 && <RegistrationTable registrations={data.registrations} />}
		</PageFrame>
	);
}

function RegistrationTable({ registrations }: { registrations: Registration[] }) {
	return (
		<Table variant="compact" aria-label="Registrations" gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={20}>Address of record</Th><Th width={25}>Contact</Th><Th modifier="nowrap">Seen at</Th><Th modifier="nowrap">Transport</Th><Th modifier="nowrap">Phone</Th><Th modifier="nowrap">Expires in</Th><Th modifier="nowrap">Registered</Th></Tr></Thead>
			<Tbody>
				{registrations.map((registration) => (
					<Tr key={registration.aor + registration.contact}>
						<Td dataLabel="Address of record" className="tp-strong tp-break">{aliasText(registration.aor)}</Td>
						<Td dataLabel="Contact" className="tp-break">{registration.contact}</Td>
						<Td dataLabel="Seen at">{registration.source}</Td>
						<Td dataLabel="Transport">{registration.transport.toUpperCase()}</Td>
						<Td dataLabel="Phone">{registration['user-agent'] || '–'}</Td>
						<Td dataLabel="Expires in" modifier="nowrap" className="tp-number">{durationText(registration['expires-s'])}</Td>
						<Td dataLabel="Registered" modifier="nowrap" className="tp-number">{timeText(registration['registered-at'])}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
