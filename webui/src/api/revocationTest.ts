// "What would happen now" with a peer's certificate (docs/api.md).
import { post } from './http';

export interface RevocationSource {
	source: 'automatic-crl' | 'manual-crl' | 'ocsp';
	answer: string;
	/** Of OCSP: the URL in the certificate; empty: none. */
	responder?: string;
}

export interface RevocationLook {
	subject: string;
	verdict: 'accept' | 'refuse';
	reason: string;
	sources: RevocationSource[];
}

export interface RevocationTest {
	verdict: 'accept' | 'refuse';
	trusted: boolean;
	rule: number;
	reason: string;
	certificates: RevocationLook[];
}

export const testRevocation = (pem: string) => post<RevocationTest>('/api/v1/revocation/test', { pem });
