// The words for how a login was made and how it ended.
import type { LoginMethod, LoginRecord } from '../../api/sessions';

export const methodNames: Record<LoginMethod, string> = {
	password: 'Password',
	certificate: 'Certificate',
	pam: 'PAM',
	ldap: 'LDAP',
	'first-login-secret': 'First-login secret',
	root: 'Root',
};

export const protocolNames: Record<LoginRecord['protocol'], string> = { https: 'Web', api: 'API', shell: 'Shell' };

export const endNames: Record<NonNullable<LoginRecord['end']>, string> = {
	open: 'Logged in',
	logout: 'Logged out',
	idle: 'Not used for too long',
	'longest-time': 'Longest time reached',
	revoked: 'Ended by an administrator',
	'too-many': 'Gave way to another session',
	account: 'Account or password changed',
	certificate: 'Came without its certificate',
	'advanced-mode': 'May not log in in the advanced mode',
	settings: 'Settings of logins changed',
	'no-logout': 'Gone, no logout',
};

export const failureNames: Record<NonNullable<LoginRecord['failure']>, string> = {
	'wrong-password-or-name': 'Wrong user name or password',
	'account-may-not': 'The account may not log in there',
	'source-did-not-answer': 'Nobody could say: a source did not answer',
	'too-many-sessions': 'As many sessions as allowed',
};
