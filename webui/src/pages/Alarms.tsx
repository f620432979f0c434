// Alarms: open ones with what to do, then those that cleared.
import { Button, Title } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { messageOf } from '../api/http';
import { acknowledgeAlarm } from '../api/status';
import type { Alarm } from '../api/types';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { timeText } from '../parts/format';
import { SeverityLabel } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { bySeverity } from './alarms/order';
import { Notice } from '../parts/Notice';

export function Alarms() {
	const { alarms } = useLive();
	const mayWrite = useMayWrite();
	const [failure, setFailure] = useState<string | null>(null);
	const sorted = alarms.data?.toSorted(bySeverity);
	const open = sorted?.filter((alarm) => !alarm['cleared-at']);
	const cleared = sorted?.filter((alarm) => alarm['cleared-at']) ?? [];
	const acknowledge = async (alarm: Alarm) => {
		setFailure(null);
		try {
			await acknowledgeAlarm(alarm.id);
		} catch (error) {
			setFailure(messageOf(error));
		}
		alarms.refresh();
	};
	return (
		<PageFrame title="Alarms" purpose="Conditions that need, or needed, attention. An alarm clears by itself when its cause is gone.">
			{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
			{alarms.loading && <LoadingRows label="Reading the alarms" />}
			{!alarms.data && alarms.error && <FailureNote title="The alarms could not be read" error={alarms.error} retry={alarms.refresh} />}
			{alarms.data && <StaleNote error={alarms.error} />}
			{open?.length === 0 && <Nothing title="No open alarms" icon={CheckCircleIcon}>Nothing needs your attention.</Nothing>}
			{open && open.length > 0 && <AlarmTable label="Open alarms" alarms={open} isOpen onAcknowledge={mayWrite ? (alarm) => void acknowledge(alarm) : undefined} />}
			{cleared.length > 0 && (
				<>
					<Title headingLevel="h2" size="lg" className="tp-section-title">Cleared</Title>
					<AlarmTable label="Cleared alarms" alarms={cleared} />
				</>
			)}
		</PageFrame>
	);
}

function AlarmTable({ label, alarms, isOpen = false, onAcknowledge }: { label: string; alarms: Alarm[]; isOpen?: boolean; onAcknowledge?: (alarm: Alarm) => void }) {
	return (
		<Table variant="compact" aria-label={label} gridBreakPoint="grid-lg">
			<Thead><Tr><Th modifier="nowrap">Severity</Th><Th modifier="nowrap">Code</Th><Th width={15}>Subject</Th><Th width={40}>What happened, and what to do</Th><Th modifier="nowrap">Raised</Th><Th modifier="nowrap">{isOpen ? 'Acknowledged' : 'Cleared'}</Th></Tr></Thead>
			<Tbody>
				{alarms.map((alarm) => (
					<Tr key={alarm.id}>
						<Td dataLabel="Severity"><SeverityLabel severity={alarm.severity} /></Td>
						<Td dataLabel="Code" className="tp-number">{alarm.code}</Td>
						<Td dataLabel="Subject" className="tp-strong">{alarm.subject || '–'}</Td>
						<Td dataLabel="What happened, and what to do"><div>{alarm.text}{alarm.remedy && <div className="tp-quiet">{alarm.remedy}</div>}</div></Td>
						<Td dataLabel="Raised" modifier="nowrap" className="tp-number">{timeText(alarm['raised-at'])}</Td>
						<Td dataLabel={isOpen ? 'Acknowledged' : 'Cleared'} modifier="nowrap" className="tp-number">
							{!isOpen && timeText(alarm['cleared-at'])}
							{isOpen && (alarm['acknowledged-by'] ? `by ${alarm['acknowledged-by']}` : onAcknowledge ? <Button variant="secondary" size="sm" onClick={() => onAcknowledge(alarm)}>Acknowledge</Button> : 'Not yet')}
						</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
