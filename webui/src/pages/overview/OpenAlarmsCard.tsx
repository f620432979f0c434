// The open alarms, worst first, with what to do.
import { Card, CardBody, CardHeader, CardTitle, Flex } from '@patternfly/react-core';
import type { Alarm } from '../../api/types';
import { Link } from '../../app/router';
import { timeText } from '../../parts/format';
import { SeverityLabel } from '../../parts/labels';
import { LoadingRows } from '../../parts/notes';
import { bySeverity } from '../alarms/order';

const shown = 4;

export function OpenAlarmsCard({ alarms }: { alarms: Alarm[] | null }) {
	const open = alarms?.filter((alarm) => !alarm['cleared-at']).sort(bySeverity) ?? null;
	return (
		<Card>
			<CardHeader actions={{ actions: <Link to="/alarms">All alarms</Link>, hasNoOffset: true }}><CardTitle component="h2">Open alarms</CardTitle></CardHeader>
			<CardBody>
				{open === null && <LoadingRows rows={2} label="Reading the alarms" />}
				{open?.length === 0 && <p className="tp-quiet">Nothing needs your attention.</p>}
				{open?.slice(0, shown).map((alarm) => (
					<div key={alarm.id} className="tp-alarm-block">
						<Flex gap={{ default: 'gapSm' }} alignItems={{ default: 'alignItemsCenter' }}>
							<SeverityLabel severity={alarm.severity} />
							<span className="tp-strong tp-break">{alarm.subject}</span>
						</Flex>
						<p className="tp-break">{alarm.text}</p>
						<p className="tp-quiet">{alarm['acknowledged-by'] ? `Acknowledged by ${alarm['acknowledged-by']}` : timeText(alarm['raised-at'])}</p>
					</div>
				))}
				{open && open.length > shown && <p className="tp-quiet">and {open.length - shown} more</p>}
			</CardBody>
		</Card>
	);
}
