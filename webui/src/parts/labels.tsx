// States as labels: a colour and always a word beside it.
import { Label, type LabelProps } from '@patternfly/react-core';
import type { Severity, ZoneState } from '../api/types';
import { capital } from './format';

const zoneLook: Record<ZoneState, { status?: LabelProps['status']; color?: LabelProps['color']; word: string }> = {
	up: { status: 'success', word: 'Up' },
	failed: { status: 'danger', word: 'Failed' },
	waiting: { status: 'warning', word: 'Waiting' },
	connecting: { color: 'blue', word: 'Connecting' },
	authenticating: { color: 'blue', word: 'Authenticating' },
	disabled: { color: 'grey', word: 'Disabled' },
};

export function ZoneStateLabel({ state }: { state: ZoneState }) {
	const look = zoneLook[state] ?? { color: 'grey' as const, word: capital(state) };
	return <Label isCompact variant="outline" status={look.status} color={look.color}>{look.word}</Label>;
}

const severityStatus: Record<Severity, LabelProps['status']> = { critical: 'danger', warning: 'warning', information: 'info' };

export function SeverityLabel({ severity }: { severity: string }) {
	const status = severityStatus[severity as Severity];
	return <Label isCompact variant="outline" status={status} color={status ? undefined : 'grey'}>{capital(severity)}</Label>;
}

export function RoleLabel({ role }: { role: 'edge' | 'core' }) {
	return <Label isCompact color={role === 'edge' ? 'orange' : 'blue'} className="tp-role">{role === 'edge' ? 'Edge' : 'Core'}</Label>;
}

const callLook: Record<string, { status?: LabelProps['status']; color?: LabelProps['color']; word: string }> = {
	'setting-up': { color: 'grey', word: 'Setting up' },
	ringing: { color: 'blue', word: 'Ringing' },
	established: { status: 'success', word: 'Established' },
	ended: { color: 'grey', word: 'Ended' },
};

export function CallStateLabel({ state }: { state: string }) {
	const look = callLook[state] ?? { color: 'grey' as const, word: capital(state) };
	return <Label isCompact variant="outline" status={look.status} color={look.color}>{look.word}</Label>;
}

export function RevisionStateLabel({ state, running }: { state: string; running: boolean }) {
	if (state === 'trial')
		return <Label isCompact variant="outline" status="warning">On trial</Label>;
	if (running)
		return <Label isCompact variant="outline" status="success">Running</Label>;
	if (state === 'undone')
		return <Label isCompact variant="outline" color="grey">Undone</Label>;
	return <Label isCompact variant="outline" color="grey">{capital(state)}</Label>;
}

const zoneTypes: Record<string, string> = {
	default: 'Default', 'traversal-client': 'Traversal client', 'traversal-server': 'Traversal server', neighbor: 'Neighbor',
};
export const zoneTypeText = (type: string) => zoneTypes[type] ?? capital(type);

/** Stands at settings whose wrong value shuts administrators out. */
export function LockoutLabel() {
	return <Label isCompact color="yellow" className="tp-lockout">Can lock you out</Label>;
}
