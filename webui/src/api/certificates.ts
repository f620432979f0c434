// Certificates: the list of all, trusted CAs, and the appliance's own identities.
import { connection, get, post, query, remove } from './http';
import type { Trial } from './types';

// ---------------------------------------------------------------- all certificates

export type Expiry = 'fine' | 'information' | 'warning' | 'critical' | 'expired';

export interface ListedCertificate {
	id: string;
	kind: 'identity' | 'trusted-ca' | 'request' | 'crl';
	name: string;
	certificate: string;
	'common-name': string;
	type: string;
	distribution: string;
	'issued-by': string;
	'expires-at': string | null;
	description: string;
	expiry: Expiry | null;
	'days-left': number | null;
}

export interface ListColumn {
	name: string;
	label: string;
	date: boolean;
}

export interface ListCondition {
	name: string;
	label: string;
	/** For dates only. */
	date: boolean;
	/** Wants a value. */
	value: boolean;
}

export interface CertificatePage {
	total: number;
	certificates: ListedCertificate[];
	columns: ListColumn[];
	conditions: ListCondition[];
}

export interface ListFilter {
	column: string;
	condition: string;
	value: string;
}

export interface ListQuery {
	filters: ListFilter[];
	any: boolean;
	sort: string;
	descending: boolean;
}

function searchOf({ filters, any, sort, descending }: ListQuery): URLSearchParams {
	const search = new URLSearchParams();
	for (const { column, condition, value } of filters)
		search.append('filter', `${column}:${condition}:${value}`);
	if (any)
		search.set('match', 'any');
	search.set('sort', `${descending ? '-' : ''}${sort}`);
	return search;
}

export function readCertificates(wanted: ListQuery, offset: number, limit: number, signal?: AbortSignal): Promise<CertificatePage> {
	const search = searchOf(wanted);
	search.set('offset', String(offset));
	search.set('limit', String(limit));
	return get<CertificatePage>(`/api/v1/certificates?${search}`, signal);
}

export const csvAddress = (wanted: ListQuery) => `/api/v1/certificates.csv?${searchOf(wanted)}`;

export interface NameVerdict {
	name: string;
	from: string;
	service: string;
	identity: string;
	accepted: boolean;
	reason: string;
}

/** The names that clients ask for, and one more when it is not empty. */
export const readNames = async (name: string, signal?: AbortSignal) =>
	(await get<{ names: NameVerdict[] }>(query('/api/v1/certificates/names', { name }), signal)).names;

// --------------------------------------------------------------------- trusted CAs

export interface TrustRow {
	name: string;
	part: number;
	parts: number;
	state: 'in-force' | 'new' | 'changed' | 'deleted';
	use: string[];
	subject: string;
	issuer: string;
	'common-name': string;
	type: string;
	serial: string;
	sha256: string;
	'not-before-at': string | null;
	'not-after-at': string | null;
	default: boolean;
}

export interface TrustUse {
	name: string;
	label: string;
}

export interface Trust {
	certificates: TrustRow[];
	uses: TrustUse[];
	limit: number;
	'default-list': { date: string; source: string; sha256: string; 'age-days': number; certificates: number; trusted: number };
}

export interface AppendResult {
	result: 'added' | 'known' | 'refused';
	name: string | null;
	subject: string;
	sha256: string;
	text: string;
}

export const trustPath = '/turnpike-tls:tls/trusted-ca';
export const readTrust = (signal?: AbortSignal) => get<Trust>('/api/v1/trust', signal);
export const appendTrust = (pem: string, use: string[]) => post<{ added: number; results: AppendResult[] }>('/api/v1/trust/append', use.length > 0 ? { pem, use } : { pem });
export const deleteTrust = (names: string[]) => post<{ deleted: number }>('/api/v1/trust/delete', { names });
export const resetTrust = () => post<{ certificates: number }>('/api/v1/trust/reset');
/** All decoded, or one. */
export const readTrustText = async (name: string | null, signal?: AbortSignal) =>
	(await connection.request('GET', name === null ? '/api/v1/trust/text' : `/api/v1/trust/${encodeURIComponent(name)}/text`, undefined, { signal })).text;
export const trustPemAddress = (name: string | null) => (name === null ? '/api/v1/trust/pem' : `/api/v1/trust/${encodeURIComponent(name)}/pem`);

// ---------------------------------------------------------------------- identities

export interface CertificateFacts {
	subject: string;
	issuer: string;
	'common-name': string;
	names: string[];
	serial: string;
	sha256: string;
	'not-before-at': string;
	'not-after-at': string;
	'key-type': string;
	'key-bits': number;
	signature: string;
	purposes: string[];
	ca: boolean;
	'self-signed': boolean;
	pem: string;
}

export interface Finding {
	id: string;
	severity: 'refuse' | 'warn' | 'note';
	text: string;
	remedy: string;
}

export interface PendingRequest {
	subject: string;
	'common-name': string;
	names: string[];
	'key-type': string;
	hash: string;
	distribution: string;
	'created-at': string;
	'created-by': string;
	sha256: string;
	findings: Finding[];
	pem: string;
}

export interface StagedUpload {
	staged: string;
	'expires-at': string;
	certificate: CertificateFacts;
	chain: CertificateFacts[];
	key: 'pending' | 'uploaded' | 'present' | 'none';
	findings: Finding[];
	refused: boolean;
	'accept-needed': string[];
	'names-lost': string[];
	'names-new': string[];
}

export interface OwnIdentity {
	id: string;
	label: string;
	service: string | null;
	side: 'server' | 'client' | null;
	/** An administrator has made it, for zones. */
	named: boolean;
	configured: boolean;
	'falls-back-to': string | null;
	'used-by': string[];
	certificate: CertificateFacts | null;
	chain: CertificateFacts[];
	findings: Finding[];
	request: PendingRequest | null;
	staged: StagedUpload | null;
}

export interface IdentityDefaults {
	'common-name': string;
	'multi-server-common-name': string;
	'automatic-names': string[];
	addresses: string[];
	'parent-domain': string | null;
}

export interface Identities {
	identities: OwnIdentity[];
	'key-types': string[];
	hashes: string[];
	defaults: IdentityDefaults;
}

export interface RequestForm {
	'key-type': string;
	hash: string;
	distribution: 'this-server' | 'multi-server';
	'common-name': string;
	organization: string;
	'organizational-unit': string;
	locality: string;
	state: string;
	country: string;
	'automatic-names': boolean;
	addresses: boolean;
	'parent-domain': boolean;
	'other-domains': string[];
	'server-auth': boolean;
	'client-auth': boolean;
	replace?: boolean;
	days?: number;
}

export interface UploadForm {
	pem?: string;
	der?: string;
	pkcs12?: string;
	key?: string;
	passphrase?: string;
}

const at = (id: string, what: string) => `/api/v1/identities/${encodeURIComponent(id)}/${what}`;

export const readIdentities = (signal?: AbortSignal) => get<Identities>('/api/v1/identities', signal);
export const addClientIdentity = (id: string) => post<{ id: string }>('/api/v1/identities', { id });
export const deleteClientIdentity = (id: string) => remove(`/api/v1/identities/${encodeURIComponent(id)}`);
export const makeRequest = (id: string, form: Partial<RequestForm> | { renew: true; 'key-type': string; hash: string; replace?: boolean }) => post<PendingRequest>(at(id, 'request'), form);
export const discardRequest = (id: string) => remove(at(id, 'request'));
export const makeSelfSigned = (id: string, form: Partial<RequestForm>) => post<StagedUpload>(at(id, 'self-signed'), form);
export const uploadCertificate = (id: string, form: UploadForm) => post<StagedUpload>(at(id, 'upload'), form);
export const forgetUpload = (id: string) => remove(at(id, 'staged'));
export const activateUpload = (id: string, staged: string, accept: string[], commit: boolean) =>
	post<{ revision: string | null; trial?: Trial | null }>(at(id, 'activate'), { staged, accept, commit, comment: commit ? `New certificate for ${id}` : '' });
export const removeCertificate = (id: string) => remove(query(at(id, 'certificate'), {}));
