// Login by certificate (docs/api.md, "Certificate login").
import { connection, get, post } from './http';
import type { Session } from './types';

export type CardLevel = 'not-required' | 'validation' | 'authentication';

/** What the present connection shows. */
export interface ShownCard {
	shown: boolean;
	good: boolean;
	reason: string | null;
	subject?: string;
	issuer?: string;
	'not-after-at'?: string;
	name?: string | null;
	'name-reason'?: string | null;
	again?: boolean;
}

export interface OwnCard {
	level: CardLevel;
	certificate: ShownCard;
}

export interface CardGuide extends OwnCard {
	/** 0: there is none. */
	'card-port': number;
	'use-crls': boolean;
	'use-ocsp': boolean;
	'refuse-unknown': boolean;
	authorities: { subject: string; crl: 'current' | 'ends-soon' | 'expired' | null; 'next-update-at': string | null }[];
	account: { administers: boolean; reason: string | null; level: string | null } | null;
	/** Patterns and formats to begin with. */
	examples: CardExample[];
	/** The account that stays in the advanced mode, and when it last logged in with a certificate. */
	emergency: { account: string; 'by-certificate-at': string | null } | null;
}

export interface CardExample {
	id: string;
	title: string;
	pattern: string;
	format: string;
}

export interface CardCheck {
	name: string;
	result: 'passed' | 'failed' | 'skipped';
	text: string;
}

export interface CardTrial {
	certificate: { subject: string; issuer: string; serial: string; sha256: string; 'not-before-at': string; 'not-after-at': string } | null;
	valid: boolean | null;
	checks: CardCheck[];
	string: string | null;
	'string-reason': string | null;
	again: boolean;
	account: { known: boolean; administers: boolean; reason: string | null; level: string | null } | null;
	text: string | null;
}

export interface CardQuestion {
	source: 'upload' | 'kept' | 'connection';
	certificate?: string;
	base64?: boolean;
	pattern: string;
	format: string;
}

export const readOwnCard = () => get<OwnCard>('/api/v1/session/certificate');
export const readCardGuide = (signal?: AbortSignal) => get<CardGuide>('/api/v1/certificate-login', signal);
export const tryCard = (question: CardQuestion) => post<CardTrial>('/api/v1/certificate-login/test', question);

export async function logInByCard(): Promise<void> {
	const session = await post<Session>('/api/v1/session/certificate', { consent: connection.consent });
	connection.csrf = session.csrf;
}
