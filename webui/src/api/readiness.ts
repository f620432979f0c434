// GET /api/v1/readiness: what takes long before day zero.
import { get } from './http';

export interface ReadinessCheck {
	id: string;
	group: string;
	title: string;
	/** Which certificate, zone or service; "" when there is one only. */
	subject: string;
	state: 'ready' | 'attention' | 'unknown';
	text: string;
	remedy: string;
	/** Where it is set; "" when that is not in this application. */
	page: string;
}

export interface Readiness {
	'looked-at': string;
	checks: ReadinessCheck[];
}

export const readReadiness = (signal?: AbortSignal) => get<Readiness>('/api/v1/readiness', signal);
