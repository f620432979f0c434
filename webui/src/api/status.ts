// Everything that is read about the running appliance.
import { get, post, query, remove } from './http';
import type { Alarm, Call, CallDetail, Port, Registration, Status, ZoneStatus } from './types';

export const readStatus = (signal?: AbortSignal) => get<Status>('/api/v1/status', signal);

export const readZones = async (signal?: AbortSignal) =>
	(await get<{ zones: ZoneStatus[] }>('/api/v1/zones', signal)).zones;

export interface Page {
	offset: number;
	limit: number;
	filter?: string;
}

export const readRegistrations = (page: Page, signal?: AbortSignal) =>
	get<{ total: number; registrations: Registration[] }>(query('/api/v1/registrations', { ...page }), signal);

export const readCalls = (page: Page, signal?: AbortSignal) =>
	get<{ total: number; calls: Call[] }>(query('/api/v1/calls', { ...page }), signal);

export const readCall = (id: string, signal?: AbortSignal) =>
	get<CallDetail>(`/api/v1/calls/${encodeURIComponent(id)}`, signal);

export const endCall = (id: string) => remove(`/api/v1/calls/${encodeURIComponent(id)}`);

export type CallResult = 'all' | 'answered' | 'failed';

export const readHistory = (page: Page & { result: CallResult }, signal?: AbortSignal) =>
	get<{ total: number; calls: Call[] }>(query('/api/v1/history', { ...page }), signal);

export const readEndedCall = (id: string, signal?: AbortSignal) =>
	get<CallDetail>(`/api/v1/history/${encodeURIComponent(id)}`, signal);

export const readAlarms = async (signal?: AbortSignal) =>
	(await get<{ alarms: Alarm[] }>('/api/v1/alarms', signal)).alarms;

export const acknowledgeAlarm = (id: string) => post<null>(`/api/v1/alarms/${encodeURIComponent(id)}/acknowledge`);

export const readPorts = async (signal?: AbortSignal) =>
	(await get<{ ports: Port[] }>('/api/v1/ports', signal)).ports;
