import type { Alarm } from '../../api/types';

const weight = { critical: 0, warning: 1, information: 2 };

/** Open before cleared, worse before milder, newer before older. */
export function bySeverity(a: Alarm, b: Alarm): number {
	return Number(Boolean(a['cleared-at'])) - Number(Boolean(b['cleared-at']))
		|| weight[a.severity] - weight[b.severity]
		|| b['raised-at'].localeCompare(a['raised-at']);
}
