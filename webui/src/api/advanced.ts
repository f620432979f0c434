// Advanced account security (docs/api.md).
import { get, post } from './http';

export interface Prerequisite {
	id: string;
	passed: boolean;
	text: string;
	remedy: string | null;
}

export interface Recommendation {
	id: string;
	met: boolean;
	text: string;
	remedy: string;
	/** The setting to change. */
	path: string;
}

export interface Lockout {
	blocked: boolean;
	/** null: until an administrator ends it. */
	'until-at'?: string | null;
	failures: number;
}

export interface Advanced {
	enabled: boolean;
	'emergency-account': string | null;
	prerequisites: Prerequisite[];
	recommendations?: Recommendation[];
	lockout?: Lockout;
}

export const readAdvanced = (signal?: AbortSignal) => get<Advanced>('/api/v1/advanced', signal);
export const releaseLockout = () => post<null>('/api/v1/advanced/release-lockout');
export const leaveAdvanced = (hostName: string) => post<null>('/api/v1/advanced/leave', { hostname: hostName });
