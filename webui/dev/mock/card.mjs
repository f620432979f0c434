// Login by certificate, as the mock's appliance has it: ANN's card is valid, BOB's revoked.
const subject = 'CN=ADAMS.ANN.A.1000000001,OU=PKI,OU=DoD,O=U.S. Government,C=US';
const issuer = 'CN=DOD ID CA-72,OU=PKI,OU=DoD,O=U.S. Government,C=US';
const certificate = { subject, issuer, serial: '10:2F:6A', sha256: 'AB:'.repeat(31) + 'CD', 'not-before-at': '2026-01-01T00:00:00.000Z', 'not-after-at': '2029-01-01T00:00:00.000Z' };
const text = `Certificate:\n    Data:\n        Version: 3 (0x2)\n        Issuer: ${issuer}\n        Subject: ${subject}\n`;

const examples = [
	{ id: 'cn', title: 'Common name: DOE.JOHN.Q.1234567890', pattern: '/Subject: CN=(?<CN>[^,+]+)/', format: '#CN#' },
	{ id: 'edipi', title: 'EDIPI, the ten digits at the end of the common name: 1234567890', pattern: '/Subject: CN=[^,+]*\\.(?<EDIPI>\\d{10})/', format: '#EDIPI#' },
];

const fault = (message) => Object.assign(new Error(message), { status: 400, tag: 'invalid-value' });

/** A small reader of PHP's patterns: enough for the pages. */
function nameOf(pattern, format) {
	const parts = /^(.)(.*)\1([a-z]*)$/is.exec(pattern);
	if (!parts)
		throw fault('A pattern stands between two delimiters, for example /Subject:.*/m.');
	const found = new RegExp(parts[2], parts[3].replace(/[^ims]/g, '')).exec(text);
	if (!found)
		return [null, 'The pattern does not fit the certificate\'s text.'];
	return [format.replace(/#(\w+)#/g, (_all, group) => found.groups?.[group] ?? ''), null];
}

export function createCard(store) {
	const card = { level: 'not-required', shown: false, port: 0, asked: [], kept: '', emergency: null };
	const own = () => (card.shown
		? { shown: true, good: true, reason: null, ...certificate, name: 'ADAMS.ANN.A.1000000001', 'name-reason': null, again: false }
		: { shown: false, good: false, reason: 'no certificate was shown' });
	const authorities = () => (store.running['turnpike-tls:tls']?.['trusted-ca'] ?? []).filter((ca) => ca.use?.includes('web-login'));
	return {
		card,
		routes: {
			'GET /api/v1/session/certificate': () => ({ level: card.level, certificate: own() }),
			'GET /api/v1/certificate-login': () => ({
				level: card.level, 'card-port': card.port, 'use-crls': true, 'use-ocsp': false, 'refuse-unknown': false,
				authorities: authorities().map((ca, n) => ({ subject: `CN=${ca.name}`, crl: n === 0 ? 'current' : null, 'next-update-at': null })),
				certificate: own(), account: card.shown ? { administers: true, reason: null, level: 'read-write' } : null,
				examples, emergency: card.emergency,
			}),
			'POST /api/v1/certificate-login/test': ({ body }) => {
				card.asked.push(body);
				if (body.source === 'upload')
					card.kept = body.base64 ? atob(body.certificate) : body.certificate;
				const bad = body.source !== 'connection' && card.kept.includes('BOB');
				const [string, reason] = nameOf(body.pattern, body.format);
				const known = string === 'ADAMS.ANN.A.1000000001';
				return {
					certificate, valid: !bad, text, string, 'string-reason': reason, again: /^\/CN=/.test(body.pattern),
					checks: [
						{ name: 'Dates', result: 'passed', text: 'Valid now.' },
						{ name: 'Path to a CA that is trusted for web login', result: 'passed', text: 'There is one.' },
						{ name: 'Purpose, strength and form', result: 'passed', text: 'Made for people who log in.' },
						{ name: 'Revocation', result: bad ? 'failed' : 'passed', text: bad ? 'revoked on 2026-11-20 (key compromise)' : 'not on the list of its CA' },
					],
					account: string === null ? null : { known, administers: known, reason: known ? null : `There is no account with the name ${string}.`, level: known ? 'read-write' : null },
				};
			},
		},
	};
}
