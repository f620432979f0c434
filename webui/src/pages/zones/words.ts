import type { ZoneStatus } from '../../api/types';

export function roundTripText(zone: ZoneStatus): string {
	const ms = zone['round-trip-ms'];
	if (!ms)
		return '–';
	return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export const zoneListPath = '/turnpike-zone:zones/zone';
