// The shapes that docs/api.md describes, as the pages read them.

import type { LoginMethod } from './sessions';

export type Role = 'edge' | 'core';

export interface Consent {
	title: string;
	text: string;
	digest: string;
	'must-acknowledge': boolean;
}

export type Colour = 'green' | 'blue' | 'red' | 'orange' | 'yellow' | 'purple' | 'white' | 'black';

export interface Banner {
	text: string;
	colour: Colour;
}

export interface Session {
	state: 'setup' | 'anonymous' | 'active';
	product: string;
	version: string;
	'host-name': string | null;
	role: Role | null;
	user?: string | null;
	csrf: string;
	'idle-s'?: number;
	/** The classification, in the advanced mode. */
	banner?: Banner | null;
	'previous-login-at'?: string | null;
	'previous-login-source'?: string | null;
	'previous-login-method'?: LoginMethod | null;
	'failed-logins'?: number;
	'last-failure-at'?: string | null;
	'last-failure-source'?: string | null;
	'logged-in-at'?: string | null;
	/** Why the session of this browser is no more. */
	ended?: string | null;
	/** The notice before the login. */
	consent?: Consent | null;
	level?: AccountLevel | null;
	'must-change-password'?: boolean;
	/** The appliance is in the advanced mode. */
	advanced?: boolean;
	/** And this is its emergency account. */
	emergency?: boolean;
}

export type AccountLevel = 'read-write' | 'read-only' | 'auditor';

export interface LocalAddress {
	name: string;
	address: string;
}

export type SetupStep = 'password' | 'system' | 'identity' | 'peer';

export interface Setup {
	'step-needed': SetupStep[];
	'local-addresses': LocalAddress[];
	identity: { 'ca-fingerprint': string; 'certificate-fingerprint': string } | null;
}

export interface SetupPeer {
	name: string;
	address?: string;
	port: number;
	'verify-name': string;
	user: string;
	password: string;
	'peer-ca': string;
}

export interface SetupComplete {
	role: Role;
	'host-name': string;
	networks: LocalAddress[];
	peer: SetupPeer | null;
}

export interface TrustedCa {
	name: string;
	subject: string;
	fingerprint: string;
	'not-after': string;
}

export interface Identity {
	certificate: string;
	ca: string;
	'ca-fingerprint': string;
	'certificate-fingerprint': string;
	subject: string;
	names: string[];
	'not-after': string;
	'key-type': string;
	trusted: TrustedCa[];
}

export interface ProcessStatus {
	name: string;
	pid: number;
	ready: boolean;
	restarts: number;
	'started-at': string | null;
	'last-end': string;
}

export type Counters = Record<string, number | string>;

export interface Status {
	'host-name': string;
	role: Role | null;
	version: string;
	'now-at': string;
	'started-at': string;
	processes: ProcessStatus[];
	sip: Counters | null;
	media: Counters | null;
	'calls-active': number;
	registrations: number;
	zones: { up: number; down: number };
	alarms: { critical: number; warning: number; information: number };
	'certificate-not-after': string | null;
	revision: string;
}

export type ZoneState = 'disabled' | 'waiting' | 'connecting' | 'authenticating' | 'up' | 'failed';

export interface ZoneStatus {
	name: string;
	type: string;
	state: ZoneState;
	reason: string;
	peer: string | null;
	'since-at': string | null;
	tls: string;
	'peer-certificate': string;
	'round-trip-ms': number | null;
	calls: number;
	'hop-up': boolean;
	'hop-peer': string | null;
	connects: number;
}

export interface Registration {
	aor: string;
	contact: string;
	source: string;
	transport: string;
	'user-agent': string;
	'expires-s': number;
	'registered-at': string;
}

export interface Call {
	id: string;
	'call-id': string;
	from: string;
	to: string;
	'source-zone': string;
	'target-zone': string;
	state: string;
	status: number;
	'started-at': string;
	'answered-at': string | null;
	'duration-s': number;
	'source-transport': string;
	'target-transport': string;
	'ended-at'?: string | null;
	'end-reason'?: string;
}

export interface Stream {
	index: number;
	type: string;
	leg: 'caller' | 'callee';
	kind: string;
	'rx-suite': string;
	'tx-suite': string;
	local: string | null;
	'remote-signalled': string | null;
	'remote-learned': string | null;
	'rx-packets': number | string;
	'rx-octets': number | string;
	'tx-packets': number | string;
	'tx-octets': number | string;
	'rx-lost': number | string;
	'jitter-ms': number;
	'rtcp-rx': number | string;
	'rtcp-tx': number | string;
	'srtp-failures': number | string;
	'srtp-replays': number | string;
	'wrong-source': number | string;
	malformed: number | string;
	'silent-ms': number | null;
	reason: string;
}

export interface CallDetail extends Call {
	steps: string[];
	streams: Stream[];
}

export type Severity = 'critical' | 'warning' | 'information';

export interface Alarm {
	id: string;
	code: number;
	severity: Severity;
	subject: string;
	text: string;
	remedy: string;
	'raised-at': string;
	'cleared-at': string | null;
	'acknowledged-by': string | null;
}

export interface LogLine {
	id: number;
	at: string;
	severity: string;
	name: string;
	text: string;
	user: string | null;
	source: string | null;
	/** Configuration: the setting. Network: the service. */
	path: string | null;
	before: string | null;
	after: string | null;
}

export interface Port {
	protocol: string;
	address: string;
	port: number | string;
	service: string;
	direction: string;
	peer: string | null;
}

export interface Trial {
	revision?: string;
	'left-s': number;
}

export interface ConfigStatus {
	running: { revision: string; at: string; author: string; comment: string };
	changes: number;
	holder: string | null;
	trial: Trial | null;
}

export interface Change {
	path: string;
	label: string;
	op: 'change' | 'add' | 'delete';
	before: string | null;
	after: string | null;
	lockout: boolean;
}

export interface Revision {
	revision: string;
	at: string;
	author: string;
	comment: string;
	state: 'committed' | 'undone' | 'trial' | 'prepared';
	running: boolean;
	changes: number;
}

export interface ConfigFault {
	path: string;
	message: string;
}

export interface Validation {
	valid: boolean;
	errors?: ConfigFault[];
}
