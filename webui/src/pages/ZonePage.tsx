import { readZones } from '../api/status';
import { usePoll } from '../app/usePoll';
import { PageFrame } from '../parts/PageFrame';

export function ZonePage({ name }: { name: string }) {
	const zones = usePoll('zones', readZones, 2500);
	return <PageFrame title={name} back={[{ to: '/zones', label: 'Zones' }]}>{zones.data?.length}</PageFrame>;
}
