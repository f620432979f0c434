// Zones as the running appliance reports them, joined with the candidate.
import { readCandidate, type ConfigTree } from '../../api/config';
import { readZones } from '../../api/status';
import type { ZoneStatus } from '../../api/types';
import { useLive } from '../../app/Live';
import { usePoll, useRead, type Reading } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';

export interface ZoneRow {
	name: string;
	status: ZoneStatus | null;
	/** null: not in the candidate (the default zone, or deleted there). */
	entry: ConfigTree | null;
}

interface Zones {
	rows: ZoneRow[] | null;
	status: Reading<ZoneStatus[]>;
	candidate: Reading<ConfigTree[]>;
}

const readEntries = async () => {
	const { value } = await readCandidate('/turnpike-zone:zones');
	return (value.zone ?? []) as ConfigTree[];
};

export function useZones(): Zones {
	const { config } = useLive();
	const status = usePoll('zones', readZones, 2500);
	const candidate = useRead(`zone entries ${config.data?.changes} ${config.data?.running.revision}`, readEntries);
	const last = usePrevious(candidate.data);
	const entries = candidate.data ?? last;
	const rows = status.data && entries && join(status.data, entries);
	return { rows, status, candidate };
}

function join(status: ZoneStatus[], entries: ConfigTree[]): ZoneRow[] {
	const byName = new Map(entries.map((entry) => [String(entry.name), entry]));
	const rows: ZoneRow[] = status.map((zone) => ({ name: zone.name, status: zone, entry: byName.get(zone.name) ?? null }));
	const running = new Set(status.map((zone) => zone.name));
	for (const [name, entry] of byName) {
		if (!running.has(name))
			rows.push({ name, status: null, entry });
	}
	return rows;
}

export const isDefaultZone = (row: ZoneRow) => row.status?.type === 'default';
