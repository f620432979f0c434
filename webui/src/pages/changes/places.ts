// Where in the application a setting is edited: links from a path of the model.
import { plainPath } from '../../model/schema';

const keyOf = (path: string, list: string) => new RegExp(`/${list}\\[name='([^']*)'\\]`).exec(path)?.[1];

const pages: [RegExp, (path: string) => string][] = [
	[/^\/turnpike-zone:zones\/zone\[/, (path) => `/zones/${encodeURIComponent(keyOf(path, 'zone') ?? '')}/edit`],
	[/^\/turnpike-zone:/, () => '/zones'],
	[/^\/turnpike-search:search\/rule\[/, (path) => `/rules/${encodeURIComponent(keyOf(path, 'rule') ?? '')}`],
	[/^\/turnpike-search:/, () => '/rules'],
	[/^\/turnpike-sip:sip\/registrar/, () => '/registrar'],
	[/^\/turnpike-sip:sip\/default-zone/, () => '/zones-default'],
	[/^\/turnpike-sip:/, () => '/sip'],
	[/^\/turnpike-media:/, () => '/media'],
	[/^\/turnpike-tls:tls\/trusted-ca/, () => '/trusted-cas'],
	[/^\/turnpike-tls:tls\/identit/, () => '/identities'],
	[/^\/turnpike-tls:tls\/service/, () => '/ciphers'],
	[/^\/turnpike-tls:tls\/revocation/, () => '/revocation'],
	[/^\/turnpike-tls:tls\/acme/, () => '/acme'],
	[/^\/turnpike-tls:/, () => '/certificates'],
	[/^\/turnpike-access:access\/(password-policy|accounts)/, () => '/password-policy'],
	[/^\/turnpike-access:access\/(login|pam|ldap|group)\b/, () => '/login'],
	[/^\/turnpike-access:access\/session\b/, () => '/sessions'],
	[/^\/turnpike-access:access\/consent/, () => '/consent'],
	[/^\/turnpike-access:access\/certificate-login/, () => '/certificate-login'],
	[/^\/turnpike-access:access\/api\b/, () => '/api-access'],
	[/^\/turnpike-access:access\/advanced\b/, () => '/advanced'],
	[/^\/turnpike-log:/, () => '/log/settings'],
	[/^\/turnpike-system:/, () => '/system'],
];

export function placeOf(path: string): string | null {
	const plain = plainPath(path);
	return pages.find(([pattern]) => pattern.test(plain))?.[1](plain) ?? null;
}
