// What runs here: revision, version, certificate.
import { Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import type { Status } from '../../api/types';
import { Link } from '../../app/router';
import { Facts } from '../../parts/Facts';
import { dateText, daysUntil, plural, timeText } from '../../parts/format';

export function ApplianceCard({ status }: { status: Status }) {
	const role = status.role === 'edge' ? 'Edge (outside half)' : status.role === 'core' ? 'Core (inside half)' : '–';
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Appliance</CardTitle></CardHeader>
			<CardBody>
				<Facts
					facts={[
						['Host name', status['host-name']],
						['Role', role],
						['Version', status.version],
						['Configuration', <Link key="revision" to="/changes/history">Revision {status.revision}</Link>],
						['Certificate', <Expiry key="certificate" at={status['certificate-not-after']} />],
						['Clock', timeText(status['now-at'])],
						['Started', timeText(status['started-at'])],
					]}
				/>
			</CardBody>
		</Card>
	);
}

function Expiry({ at }: { at: string | null }) {
	const days = daysUntil(at);
	if (days === null)
		return <>–</>;
	const tone = days < 7 ? 'tp-danger-text' : days < 30 ? 'tp-warning-text' : undefined;
	return <Link to="/identities" className={tone}>{days < 0 ? `expired on ${dateText(at)}` : `valid until ${dateText(at)} (${plural(days, 'day')})`}</Link>;
}
