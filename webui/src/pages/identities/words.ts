// Words of identities.
import type { OwnIdentity } from '../../api/certificates';

const keyTypes: Record<string, string> = { 'rsa-2048': 'RSA 2048', 'rsa-3072': 'RSA 3072', 'rsa-4096': 'RSA 4096', 'ec-p256': 'EC P-256', 'ec-p384': 'EC P-384' };
const hashes: Record<string, string> = { sha256: 'SHA-256', sha384: 'SHA-384' };
const distributions: Record<string, string> = { 'this-server': 'This server', 'multi-server': 'Multi-server (SAN)' };

export const keyTypeText = (name: string) => keyTypes[name] ?? name;
export const hashText = (name: string) => hashes[name] ?? name;
export const distributionText = (name: string) => distributions[name] ?? name;
export const nameText = (name: string) => name.replace(/^(DNS|IP|URI|email):/, '');
export const identityPath = (id: string) => `/identities/${encodeURIComponent(id)}`;
export const titleOf = (identity: OwnIdentity | undefined, id: string) => identity?.label ?? id;
export const identitiesPage = { to: '/identities', label: 'Identities' };
