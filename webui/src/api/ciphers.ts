// TLS versions and cipher suites of the services: docs/api.md, "Ciphers".
import type { ConfigTree } from './config';
import { connection, get } from './http';

export interface Suite {
	name: string;
	standard: string;
	protocol: string;
	exchange: string;
	authentication: string;
	encryption: string;
	bits: number;
	/** Why it is weak; null: it is not. */
	weak: string | null;
}

export interface PolicySide {
	side: 'inbound' | 'outbound';
	ciphers: string;
	ciphersuites: string;
	groups: string;
	suites: Suite[];
	refused: { setting: string; text: string } | null;
}

/** A kind of handshake of the last 30 days that could not be as it was. */
export interface AffectedPeer {
	side: 'inbound' | 'outbound';
	peer: string;
	protocol: string;
	cipher: string;
	'last-seen-at': string;
	/** version: it would fail. suite: it would need another suite in common. */
	why: 'version' | 'suite';
}

export interface Policy {
	preset: string;
	'minimum-version': string;
	warning: string | null;
	sides: PolicySide[];
	/** Of a preview only; null: nobody reports them. */
	peers?: { seen: number; affected: AffectedPeer[] } | null;
}

export interface TlsService {
	name: string;
	label: string;
	server: boolean;
	client: boolean;
	running: Policy | null;
	presets: Policy[];
}

export const readTlsServices = async () => (await get<{ services: TlsService[] }>('/api/v1/tls/services')).services;

/** What settings of a service, as below tls/service/<name>, would come to. */
export async function previewPolicy(service: string, settings: ConfigTree, signal: AbortSignal): Promise<Policy> {
	return (await connection.request('POST', '/api/v1/tls/preview', { ...settings, service }, { signal })).data as Policy;
}
