// The mock's cipher lists: what the services have, and a small reader of lists.
const first = 'TLSv1.2';
const noSecrecy = 'No forward secrecy: who gets the private key can read what was recorded.';
const cbc = 'CBC mode, open to padding attacks.';
const anonymous = 'No authentication: anyone in the middle can read along.';
/** name, first version, key exchange, authentication, encryption, bits, why weak */
const suites = [
	['TLS_AES_256_GCM_SHA384', 'TLSv1.3', '(EC)DHE', 'any', 'AESGCM(256)', 256, null],
	['TLS_CHACHA20_POLY1305_SHA256', 'TLSv1.3', '(EC)DHE', 'any', 'CHACHA20/POLY1305(256)', 256, null],
	['TLS_AES_128_GCM_SHA256', 'TLSv1.3', '(EC)DHE', 'any', 'AESGCM(128)', 128, null],
	['ECDHE-ECDSA-AES256-GCM-SHA384', first, 'ECDHE', 'ECDSA', 'AESGCM(256)', 256, null],
	['ECDHE-RSA-AES256-GCM-SHA384', first, 'ECDHE', 'RSA', 'AESGCM(256)', 256, null],
	['ECDHE-ECDSA-CHACHA20-POLY1305', first, 'ECDHE', 'ECDSA', 'CHACHA20/POLY1305(256)', 256, null],
	['ECDHE-RSA-CHACHA20-POLY1305', first, 'ECDHE', 'RSA', 'CHACHA20/POLY1305(256)', 256, null],
	['ECDHE-ECDSA-AES128-GCM-SHA256', first, 'ECDHE', 'ECDSA', 'AESGCM(128)', 128, null],
	['ECDHE-RSA-AES128-GCM-SHA256', first, 'ECDHE', 'RSA', 'AESGCM(128)', 128, null],
	['ECDHE-RSA-AES128-SHA', 'TLSv1.0', 'ECDHE', 'RSA', 'AES(128)', 128, cbc],
	['DHE-RSA-AES256-GCM-SHA384', first, 'DHE', 'RSA', 'AESGCM(256)', 256, null],
	['AES128-GCM-SHA256', first, 'RSA', 'RSA', 'AESGCM(128)', 128, noSecrecy],
	['AES128-SHA', 'SSLv3', 'RSA', 'RSA', 'AES(128)', 128, noSecrecy],
	['ADH-AES256-GCM-SHA384', first, 'DHE', 'none', 'AESGCM(256)', 256, anonymous],
].map(([name, protocol, exchange, authentication, encryption, bits, weak]) => ({ name, standard: '', protocol, exchange, authentication, encryption, bits, weak }));

const old = suites.filter((suite) => suite.protocol !== 'TLSv1.3').map((suite) => suite.name);
const seed = 'EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL';
const strong = old.filter((name) => /^ECDHE.*(GCM|CHACHA20)/.test(name)).join(':');
const both = ['inbound', 'outbound'];
const services = [['web', 'Web interface and API', ['inbound']], ['sip', 'SIP', both], ['traversal', 'Traversal link', both], ['ldap', 'LDAP', ['outbound']]];
const all13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const warning = 'TLS 1.0 and 1.1 are insecure. With them, short keys and old signatures of other systems are accepted, too, and alarm 40020 is raised until the minimum is TLS 1.2 again.';

function listsOf(service, side, preset) {
	if (preset === 'disa')
		return { ciphers: strong.split(':').filter((name) => /GCM/.test(name)).join(':'), ciphersuites: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256', groups: 'P-384:P-256:P-521' };
	const seedList = service !== 'sip' ? `${seed}:!aNULL` : side === 'inbound' ? `${seed}:+ADH:!aNULL` : `${seed}:+ADH`;
	return { ciphers: preset === 'compatible' ? seedList : strong, ciphersuites: all13, groups: 'X25519:P-256:P-384:P-521' };
}

/** Names, and the words of the seeds' lists for all of them. */
function chosen(list) {
	const words = list.split(':');
	const unknown = words.map((word) => word.replace(/^[!+-]/, '')).find((word) => !old.includes(word) && !/^(EECDH|EDH|HIGH|MEDIUM|LOW|3DES|MD5|PSK|eNULL|aNULL|ADH|AES256\+SHA|ALL)$/.test(word));
	if (unknown !== undefined)
		return { text: `'${unknown}' is not known and would be ignored. Mind capital and small letters.` };
	const names = words.includes('HIGH') || words.includes('ALL') ? old : old.filter((name) => words.includes(name));
	return { names: words.includes('!aNULL') ? names.filter((name) => !name.startsWith('ADH')) : names };
}

function sideOf(service, side, settings, client) {
	const preset = settings.preset ?? 'recommended';
	const minimum = settings['minimum-version'] ?? '1.2';
	const lists = listsOf(service, side, preset);
	const own = client ? settings[side]?.ciphers : settings.ciphers;
	if (preset === 'custom')
		Object.assign(lists, own && { ciphers: own }, settings.ciphersuites && { ciphersuites: settings.ciphersuites });
	const found = chosen(lists.ciphers);
	const refuse = (setting, text) => ({ side, ...lists, suites: [], refused: { setting, text } });
	const listPath = client ? `${side}/ciphers` : 'ciphers';
	if (preset === 'disa' && minimum < '1.2')
		return refuse('minimum-version', 'The DISA preset allows TLS 1.2 and TLS 1.3 only.');
	if (found.text)
		return refuse(listPath, found.text);
	if (side === 'inbound' && found.names.some((name) => name.startsWith('ADH')))
		return refuse(listPath, 'This list lets in 1 suite without authentication (ADH-AES256-GCM-SHA384). Add :!aNULL to it; :!ADH alone is not enough.');
	if (found.names.length === 0)
		return refuse(listPath, 'This list leaves no cipher suite.');
	const used = [...lists.ciphersuites.split(':'), ...(minimum === '1.3' ? [] : found.names)];
	return { side, ...lists, suites: suites.filter((suite) => used.includes(suite.name)), refused: null };
}

function policyOf(service, sides, settings) {
	const client = sides.includes('outbound');
	const minimum = settings['minimum-version'] ?? '1.2';
	return { preset: settings.preset ?? 'recommended', 'minimum-version': minimum, warning: minimum < '1.2' ? warning : null, sides: sides.map((side) => sideOf(service, side, settings, client)) };
}

const seen = [
	{ service: 'sip', side: 'inbound', peer: '203.0.113.57', protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' },
	{ service: 'sip', side: 'inbound', peer: '203.0.113.91', protocol: 'TLSv1.3', cipher: 'TLS_CHACHA20_POLY1305_SHA256' },
	{ service: 'sip', side: 'outbound', peer: '10.20.5.20', protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES256-GCM-SHA384' },
];

function peersOf(service, policy) {
	const rows = seen.filter((row) => row.service === service);
	const why = (row) => {
		const listed = policy.sides.find((side) => side.side === row.side).suites.some((suite) => suite.name === row.cipher);
		return row.protocol.replace('TLSv', '') < policy['minimum-version'] ? 'version' : listed ? null : 'suite';
	};
	const affected = rows.map((row) => ({ ...row, why: why(row), 'last-seen-at': new Date(Date.now() - 3.6e6).toISOString() })).filter((row) => row.why);
	return { seen: rows.length, affected };
}

export const createCiphers = (store) => ({
	'GET /api/v1/tls/services': () => ({
		services: services.map(([name, label, sides]) => ({
			name, label, server: sides.includes('inbound'), client: sides.includes('outbound'),
			running: policyOf(name, sides, store.running['turnpike-tls:tls']?.service?.[name] ?? {}),
			presets: ['compatible', 'recommended', 'disa'].map((preset) => policyOf(name, sides, { preset })),
		})),
	}),
	'POST /api/v1/tls/preview': ({ body }) => {
		const [name, , sides] = services.find(([known]) => known === body.service);
		const policy = policyOf(name, sides, body);
		return { ...policy, peers: sides.length === 2 ? peersOf(name, policy) : null };
	},
});
