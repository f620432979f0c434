// What each level of account may use: the same rules that routes of the server carry
// (docs/api.md, "Who may use what"). The server's word is final.
import type { AccountLevel, Session } from '../api/types';
import { useSession } from './SessionContext';

/** own: every account. */
export type Rule = 'own' | 'read' | 'write' | 'logs';

/** Every page by its pattern. One that is not here does not compile in pages.tsx. */
export const pageRules = {
	'/': 'read',
	'/calls': 'read',
	'/calls/history': 'read',
	'/calls/live/:id': 'read',
	'/calls/history/:id': 'read',
	'/registrations': 'read',
	'/alarms': 'read',
	'/log': 'logs',
	'/log/configuration': 'logs',
	'/log/network': 'logs',
	'/log/verification': 'logs',
	'/log/settings': 'read',
	'/log/logins': 'logs',
	'/logins': 'own',
	'/system': 'read',
	'/sessions': 'read',
	'/consent': 'read',
	'/administrators': 'read',
	'/login': 'read',
	'/api-access': 'read',
	'/password-policy': 'read',
	'/advanced': 'read',
	'/presets': 'read',
	'/acme': 'read',
	'/zones': 'read',
	'/zones/new': 'write',
	'/zones/:name': 'read',
	'/zones/:name/edit': 'write',
	'/zones-default': 'read',
	'/rules': 'read',
	'/rules/new': 'write',
	'/rules/:name': 'read',
	'/sip': 'read',
	'/registrar': 'read',
	'/media': 'read',
	'/certificates': 'read',
	'/identities': 'read',
	'/identities/:id': 'read',
	'/identities/:id/request': 'write',
	'/identities/:id/self-signed': 'write',
	'/identities/:id/upload': 'write',
	'/trusted-cas': 'read',
	'/trusted-cas-decoded': 'read',
	'/trusted-cas/:name': 'read',
	'/ciphers': 'read',
	'/revocation': 'read',
	'/certificate-login': 'read',
	'/certificate-test': 'read',
	'/changes': 'read',
	'/changes/history': 'read',
	'/changes/compare': 'read',
	'/traversal-test': 'write',
	'/ports': 'read',
	'/readiness': 'read',
} as const satisfies Record<string, Rule>;

export type PagePattern = keyof typeof pageRules;

export function mayUse(session: Session, rule: Rule): boolean {
	const level = session.level ?? 'read-write';
	if (rule === 'own')
		return true;
	if (rule === 'logs')
		return !session.advanced || level === 'auditor';
	return rule === 'read' ? level !== 'auditor' : level === 'read-write';
}

export const useMayWrite = () => mayUse(useSession().session, 'write');

/** Where an account begins that may not see the overview. */
export const homeOf = (session: Session) => (mayUse(session, 'read') ? '/' : '/log');

export const levelNames: Record<AccountLevel, string> = { 'read-write': 'Read-write', 'read-only': 'Read-only', auditor: 'Auditor' };

export const levelHelp: Record<AccountLevel, string> = {
	'read-write': 'Sees and changes everything.',
	'read-only': 'Sees settings, status and logs, and changes nothing but the own password.',
	auditor: 'Sees the logs and the own account, nothing else.',
};

/** Why a page is not for this account. */
export function refusalOf(session: Session, rule: Rule): string {
	if (session.level === 'auditor')
		return 'Your account is an auditor’s: it sees the logs and nothing else.';
	return rule === 'logs' ? 'In the advanced mode auditors alone see the logs.' : 'Your account may only read, and this page is for changes.';
}
