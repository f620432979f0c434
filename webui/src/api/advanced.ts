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
	/** Label of the service whose check it is. */
	service: string | null;
}

export interface Lockout {
	blocked: boolean;
	/** Unix time; null while blocked: until an administrator releases it. */
	until_ms: number | null;
	failures: number;
}

export interface Advanced {
	enabled: boolean;
	'emergency-account': string | null;
	prerequisites: Prerequisite[];
	recommendations: Recommendation[];
	lockout: Lockout;
}

export const readAdvanced = (signal?: AbortSignal) => get<Advanced>('/api/v1/advanced', signal);
export const releaseLockout = () => post<null>('/api/v1/advanced/release-lockout');
export const leaveAdvanced = (hostName: string) => post<null>('/api/v1/advanced/leave', { hostname: hostName });
