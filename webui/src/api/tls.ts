// The secure traversal test, and the serials that TLS connections were made with.
import { get, post } from './http';

export type StepResult = 'ok' | 'warn' | 'fail' | 'not-reached';

export interface TraversalTestStep {
	step: string;
	result: StepResult;
	text: string;
	remedy: string;
}

export interface TraversalTestAnswer {
	result: Exclude<StepResult, 'not-reached'>;
	'took-ms': number;
	steps: TraversalTestStep[];
}

export interface TraversalTestQuestion {
	address: string;
	port: number;
	'verify-name': string;
	'edge-name'?: string;
}

export const testTraversal = (question: TraversalTestQuestion) =>
	post<TraversalTestAnswer>('/api/v1/traversal-test', question);

export interface SerialInUse {
	service: string;
	label: string;
	side: 'server' | 'client';
	serial: string;
	fingerprint: string;
	subject: string;
	'not-after': string | null;
	current: boolean;
	connections: number;
	'oldest-at': string | null;
}

export const readSerials = (signal?: AbortSignal) =>
	get<{ complete: boolean; serials: SerialInUse[] }>('/api/v1/tls/serials', signal);
