// The open alarms at the right edge, from any page.
import {
	Button, EmptyState, EmptyStateBody, NotificationDrawer, NotificationDrawerBody, NotificationDrawerHeader, NotificationDrawerList,
	NotificationDrawerListItem, NotificationDrawerListItemBody, NotificationDrawerListItemHeader,
} from '@patternfly/react-core';
import { acknowledgeAlarm } from '../api/status';
import type { Severity } from '../api/types';
import { bySeverity } from '../pages/alarms/order';
import { timeText } from '../parts/format';
import { useLive } from './Live';
import { Link } from './router';

const variants: Record<Severity, 'danger' | 'warning' | 'info'> = { critical: 'danger', warning: 'warning', information: 'info' };

export function AlarmDrawer({ onClose }: { onClose: () => void }) {
	const { alarms } = useLive();
	const open = alarms.data?.filter((alarm) => !alarm['cleared-at']).sort(bySeverity) ?? [];
	const acknowledge = async (id: string) => {
		await acknowledgeAlarm(id).catch(() => undefined);
		alarms.refresh();
	};
	return (
		<NotificationDrawer>
			<NotificationDrawerHeader title="Open alarms" onClose={onClose} closeButtonAriaLabel="Close the alarms">
				<Link to="/alarms">All alarms</Link>
			</NotificationDrawerHeader>
			<NotificationDrawerBody>
				{open.length === 0 && (
					<EmptyState titleText="No open alarms" headingLevel="h2" variant="sm"><EmptyStateBody>Nothing needs your attention.</EmptyStateBody></EmptyState>
				)}
				<NotificationDrawerList aria-label="Open alarms">
					{open.map((alarm) => (
						<NotificationDrawerListItem key={alarm.id} variant={variants[alarm.severity]} isRead={alarm['acknowledged-by'] !== null} isHoverable={false} tabIndex={-1}>
							<NotificationDrawerListItemHeader title={alarm.subject || `Alarm ${alarm.code}`} variant={variants[alarm.severity]} srTitle={`${alarm.severity} alarm:`} headingLevel="h2" />
							<NotificationDrawerListItemBody timestamp={timeText(alarm['raised-at'])}>
								<p>{alarm.text}</p>
								{alarm.remedy && <p className="tp-quiet">{alarm.remedy}</p>}
								{alarm['acknowledged-by'] === null && <Button variant="link" isInline onClick={() => void acknowledge(alarm.id)}>Acknowledge</Button>}
							</NotificationDrawerListItemBody>
						</NotificationDrawerListItem>
					))}
				</NotificationDrawerList>
			</NotificationDrawerBody>
		</NotificationDrawer>
	);
}
