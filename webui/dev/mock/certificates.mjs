// The mock's certificates: trusted CAs over the store's candidate, the list of all, and
// identities with requests, uploads and findings.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const dayMs = 86_400_000;
const module = 'turnpike-tls:tls';
const blocks = (text) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
export const defaultTrust = blocks(readFileSync(new URL('../../../certs/default-trust.pem', import.meta.url), 'utf8'));
const uses = [{ name: 'sip', label: 'SIP' }, { name: 'traversal', label: 'Traversal link' }, { name: 'ldap', label: 'LDAP' }, { name: 'web-login', label: 'Web login' }];
const fault = (status, tag, message, path) => Object.assign(new Error(message), { status, tag, path });

const oneLine = (name) => name.split('\n').reverse().join(',');
const commonName = (name) => /CN=([^\n,]*)/.exec(name)?.[1] ?? '';

/** What the mock's own certificates, which are no real ones, say. */
function invented(entry) {
	const subject = `CN=Turnpike temporary CA of ${entry.name.replace(/-ca$/, '')}.example.org`;
	return { subject, issuer: subject, 'common-name': subject.slice(3), type: 'self-signed', serial: '4B:10:9C:22', sha256: Array(32).fill('7E').join(':'), 'not-before-at': new Date(Date.now() - 100 * dayMs).toISOString(), 'not-after-at': new Date(Date.now() + 24 * dayMs).toISOString() };
}

function factsOf(entry) {
	try {
		const x = new X509Certificate(entry.certificate);
		return {
			subject: oneLine(x.subject), issuer: oneLine(x.issuer), 'common-name': commonName(x.subject), type: x.subject === x.issuer ? 'self-signed' : 'CA-signed',
			serial: x.serialNumber.match(/../g).join(':'), sha256: x.fingerprint256, 'not-before-at': new Date(x.validFrom).toISOString(), 'not-after-at': new Date(x.validTo).toISOString(),
		};
	} catch {
		return invented(entry);
	}
}

const nameOf = (common, taken) => {
	const base = common.replace(/[^A-Za-z0-9 ._-]+/g, '-').slice(0, 56) || 'CA';
	let name = base;
	for (let n = 2; taken.includes(name); n++)
		name = `${base} ${n}`;
	return name;
};

function expiryOf(at) {
	const left = (new Date(at).getTime() - Date.now()) / dayMs;
	return left < 0 ? 'expired' : left <= 7 ? 'critical' : left <= 30 ? 'warning' : left <= 60 ? 'information' : 'fine';
}

// --------------------------------------------------------------------- identities

const services = [['web-server', 'Web interface and API, incoming'], ['sip-server', 'SIP, incoming'], ['sip-client', 'SIP, outgoing'], ['traversal-server', 'Traversal link, incoming'], ['traversal-client', 'Traversal link, outgoing'], ['ldap-client', 'LDAP, outgoing']];

function certificate(host, days, more = {}) {
	return {
		subject: `CN=${host}`, issuer: 'CN=Example Issuing CA 2,O=Example', 'common-name': host, names: [`DNS:${host}`, 'DNS:sip.example.org', 'IP:10.20.1.2'], serial: '0A:1B:2C:3D:4E', sha256: Array(32).fill('5E').join(':'),
		'not-before-at': new Date(Date.now() - 300 * dayMs).toISOString(), 'not-after-at': new Date(Date.now() + days * dayMs).toISOString(),
		'key-type': 'EC P-256', 'key-bits': 256, signature: 'ecdsa-with-SHA256', purposes: ['serverAuth', 'clientAuth'], ca: false, 'self-signed': false, pem: '-----BEGIN CERTIFICATE-----\nTU9DSw==\n-----END CERTIFICATE-----\n', ...more,
	};
}

const warnings = [
	{ id: 'names-lost', severity: 'warn', text: 'The present certificate also stands for sip.example.org.', remedy: 'Ask for a certificate with all names, or make sure that nobody uses this one.' },
	{ id: 'expires-soon', severity: 'note', text: 'It ends in 20 days.', remedy: 'Renew it in time.' },
];

function identitiesOf(host) {
	const shared = { id: 'default', label: 'Shared identity', service: null, side: null, named: false, configured: true, 'falls-back-to': null, 'used-by': services.map(([, label]) => label), certificate: certificate(host, 45), chain: [certificate('Example Issuing CA 2', 2000, { ca: true })], findings: [], request: null, staged: null };
	const toPbx = { id: 'to-pbx', label: 'to-pbx', service: 'sip', side: 'client', named: true, configured: true, 'falls-back-to': null, 'used-by': ['Zone pbx'], certificate: certificate('client.example.org', 200, { purposes: ['clientAuth'] }), chain: shared.chain, findings: [], request: null, staged: null };
	return [shared, toPbx, ...services.map(([id, label]) => ({ id, label, service: id.split('-')[0], side: id.split('-')[1], named: false, configured: false, 'falls-back-to': 'default', 'used-by': [label], certificate: shared.certificate, chain: shared.chain, findings: [], request: null, staged: null }))];
}

const keyWords = { 'rsa-2048': 'RSA 2048', 'rsa-3072': 'RSA 3072', 'rsa-4096': 'RSA 4096', 'ec-p256': 'EC P-256', 'ec-p384': 'EC P-384' };

function pending(identity, defaults, body) {
	const renew = body.renew && identity.certificate;
	const names = renew ? renew.names : [...(body['automatic-names'] === false ? [] : defaults['automatic-names']), ...(body['parent-domain'] ? [defaults['parent-domain']] : []), ...(body['other-domains'] ?? [])].map((name) => `DNS:${name}`);
	if (!renew && (body['common-name'] ?? '') === '')
		throw fault(400, 'invalid-value', 'A common name is needed.', 'common-name');
	if (identity.request && !body.replace)
		throw fault(409, 'in-use', 'A request is pending already.');
	const length = names.join(', ').length;
	const long = { id: 'san-too-long', severity: 'warn', text: `Its names take ${length} characters together; some peers read no more than 999.`, remedy: 'Leave out names that nobody connects to, or use several identities.' };
	identity.request = {
		subject: `CN=${renew ? renew['common-name'] : body['common-name']}`, 'common-name': renew ? renew['common-name'] : body['common-name'], names, 'key-type': keyWords[body['key-type']], hash: body.hash, distribution: body.distribution ?? 'this-server',
		'created-at': new Date().toISOString(), 'created-by': 'admin', sha256: 'AB:CD', findings: length > 999 ? [long] : [], pem: '-----BEGIN CERTIFICATE REQUEST-----\nTU9DSw==\n-----END CERTIFICATE REQUEST-----\n',
	};
	return identity.request;
}

function stage(identity, host, findings, more) {
	const refused = findings.some((one) => one.severity === 'refuse');
	identity.staged = { staged: `token-${Date.now()}`, 'expires-at': new Date(Date.now() + 1_800_000).toISOString(), certificate: certificate(host, 390, more), chain: [], key: identity.request ? 'pending' : 'none', findings, refused, 'accept-needed': findings.filter((one) => one.severity === 'warn').map((one) => one.id), 'names-lost': findings.some((one) => one.id === 'names-lost') ? ['DNS:sip.example.org'] : [], 'names-new': ['DNS:new.example.org'] };
	return identity.staged;
}

function activate(identity, body) {
	const { staged } = identity;
	if (staged?.staged !== body.staged)
		throw fault(404, 'invalid-value', 'This upload is not known any more.');
	if (staged.refused || staged['accept-needed'].some((id) => !body.accept?.includes(id)))
		throw fault(409, 'operation-failed', 'There are findings to be mended or accepted.');
	Object.assign(identity, { configured: true, certificate: staged.certificate, chain: staged.chain, findings: [], staged: null, request: null });
	return { revision: body.commit ? '5' : null, trial: null };
}

// ----------------------------------------------------------------------------- list

const columns = [['certificate', 'Certificate'], ['common-name', 'Common name'], ['type', 'Type'], ['distribution', 'Distribution'], ['issued-by', 'Issued by'], ['expires-at', 'Expiration'], ['description', 'Description']].map(([name, label]) => ({ name, label, date: name === 'expires-at' }));
const conditions = [['contains', 'contains'], ['is-exactly', 'is exactly'], ['begins-with', 'begins with'], ['ends-with', 'ends with'], ['is-empty', 'is empty'], ['is-not-empty', 'is not empty'], ['is-before', 'is before'], ['is-after', 'is after']].map(([name, label]) => ({ name, label, date: /before|after/.test(name), value: !/empty/.test(name) }));

const tests = {
	contains: (text, value) => text.includes(value), 'is-exactly': (text, value) => text === value || text.slice(0, 10) === value, 'begins-with': (text, value) => text.startsWith(value), 'ends-with': (text, value) => text.endsWith(value),
	'is-empty': (text) => text === '', 'is-not-empty': (text) => text !== '', 'is-before': (text, value) => text !== '' && text < value, 'is-after': (text, value) => text.slice(0, value.length) > value,
};

const cellText = (row, column) => String(row[column] ?? '').toLowerCase();

function select(rows, q) {
	const filters = q.getAll('filter').map((text) => /^([^:]*):([^:]*):?(.*)$/s.exec(text).slice(1));
	const holds = (row) => ([column, condition, value]) => tests[condition](cellText(row, column), value.toLowerCase());
	const found = rows.filter((row) => (q.get('match') === 'any' ? filters.length === 0 || filters.some(holds(row)) : filters.every(holds(row))));
	const sort = q.get('sort') ?? 'certificate';
	const column = sort.replace(/^-/, '');
	const order = found.toSorted((a, b) => cellText(a, column).localeCompare(cellText(b, column)));
	return sort.startsWith('-') ? order.reverse() : order;
}

// --------------------------------------------------------------------------- routes

/** Answers for the paths of certificates; undefined for all others. */
export function createCertificates(store, host) {
	const identities = identitiesOf(host);
	const defaults = { 'common-name': host, 'multi-server-common-name': host.replace('.', '-ms.'), 'automatic-names': [host], addresses: ['10.20.1.2'], 'parent-domain': host.slice(host.indexOf('.') + 1) };
	const list = (tree = store.candidate) => ((tree[module] ??= {})['trusted-ca'] ??= []);
	const isDefault = (entry) => defaultTrust.some((pem) => pem.trim() === entry.certificate.trim());
	const trustRow = (entry, state) => ({ name: entry.name, part: 1, parts: 1, state, use: entry.use ?? [], ...factsOf(entry), default: isDefault(entry) });

	const trust = () => {
		const running = list(store.running);
		const before = (entry) => running.find((one) => one.name === entry.name);
		return [
			...list().map((entry) => trustRow(entry, !before(entry) ? 'new' : JSON.stringify(before(entry)) === JSON.stringify(entry) ? 'in-force' : 'changed')),
			...running.filter((entry) => !list().some((one) => one.name === entry.name)).map((entry) => trustRow(entry, 'deleted')),
		];
	};

	const append = (pem, use) => {
		const results = blocks(pem).map((block) => {
			const facts = factsOf({ name: 'unknown', certificate: block });
			const same = list().find((entry) => entry.certificate.trim() === block.trim());
			const namesake = list().find((entry) => factsOf(entry).subject === facts.subject);
			const about = { subject: facts.subject, sha256: facts.sha256 };
			if (same)
				return { result: 'known', name: same.name, ...about, text: `Trusted already, as ${same.name}.` };
			if (namesake)
				return { result: 'refused', name: null, ...about, text: `Not added: ${namesake.name} has this subject and issuer with another certificate. Delete that one first.` };
			const name = nameOf(facts['common-name'], list().map((entry) => entry.name));
			list().push({ name, certificate: block, ...(use?.length ? { use } : {}) });
			store.etag++;
			return { result: 'added', name, ...about, text: `Added as ${name}.` };
		});
		if (results.length === 0)
			throw fault(400, 'invalid-value', 'There is no certificate in this text: one in PEM form begins with -----BEGIN CERTIFICATE-----.', '/pem');
		return { added: results.filter((one) => one.result === 'added').length, results };
	};

	const all = () => [
		...identities.filter((identity) => identity.configured).map((identity) => ({ id: `identity/${identity.id}`, kind: 'identity', name: identity.id, certificate: identity.label, 'common-name': identity.certificate['common-name'], type: 'CA-signed', distribution: 'this server', 'issued-by': 'Example Issuing CA 2', 'expires-at': identity.certificate['not-after-at'], description: 'Shown by every service without one of its own' })),
		...identities.filter((identity) => identity.request).map((identity) => ({ id: `request/${identity.id}`, kind: 'request', name: identity.id, certificate: identity.label, 'common-name': identity.request['common-name'], type: 'request', distribution: identity.request.distribution.replace('-', ' '), 'issued-by': '', 'expires-at': null, description: 'Waits for its certificate' })),
		...trust().filter((row) => row.state !== 'new').map((row) => ({ id: `trusted-ca/${row.name}`, kind: 'trusted-ca', name: row.name, certificate: row.name, 'common-name': row['common-name'], type: row.type, distribution: '', 'issued-by': commonName(row.issuer) || row.issuer, 'expires-at': row['not-after-at'], description: `Trusted for ${row.use.length ? row.use.map((name) => uses.find((one) => one.name === name).label).join(', ') : 'everything'}` })),
	].map((row) => ({ ...row, expiry: row['expires-at'] && expiryOf(row['expires-at']), 'days-left': row['expires-at'] && Math.floor((new Date(row['expires-at']).getTime() - Date.now()) / dayMs) }));

	const byName = (name) => {
		const entry = list().find((one) => one.name === name);
		if (!entry)
			throw fault(404, 'invalid-value', `There is no trusted CA ${name}.`);
		return entry;
	};
	const decoded = (entry) => `Certificate:\n    Data:\n        Subject: ${factsOf(entry).subject}\n        Issuer: ${factsOf(entry).issuer}\n        Serial Number: ${factsOf(entry).serial}\n        X509v3 extensions:\n            X509v3 Basic Constraints: critical\n                CA:TRUE\n`;

	const routes = {
		'GET /api/v1/trust': () => ({ certificates: trust(), uses, limit: 500, 'default-list': { date: '2026-10-20', source: 'ca-certificates', sha256: 'ab', 'age-days': 33, certificates: defaultTrust.length, trusted: 0 } }),
		'POST /api/v1/trust/append': ({ body }) => append(body.pem ?? '', body.use),
		'POST /api/v1/trust/delete': ({ body }) => {
			body.names.forEach(byName);
			list().splice(0, Infinity, ...list().filter((entry) => !body.names.includes(entry.name)));
			return { deleted: body.names.length };
		},
		'POST /api/v1/trust/reset': () => {
			list().splice(0, Infinity);
			append(defaultTrust.join(''), ['sip']);
			return { certificates: list().length };
		},
		'GET /api/v1/trust/text': ({ reply }) => { reply.text = list().map((entry) => `${entry.name}\n${decoded(entry)}`).join('\n'); },
		'GET /api/v1/trust/pem': ({ reply }) => { reply.text = list().map((entry) => entry.certificate).join(''); },
		'GET /api/v1/certificates': ({ q }) => {
			const found = select(all(), q);
			const offset = Number(q.get('offset') ?? 0);
			return { total: found.length, certificates: found.slice(offset, offset + Number(q.get('limit') ?? 50)), columns, conditions };
		},
		'GET /api/v1/certificates.csv': ({ q, reply }) => { reply.text = select(all(), q).map((row) => columns.map(({ name }) => `"${row[name] ?? ''}"`).join(',')).join('\r\n'); },
		'GET /api/v1/certificates/names': ({ q }) => ({ names: ['Web interface and API, incoming', 'SIP, incoming', 'Traversal link, incoming'].flatMap((service) => [
			{ name: host, from: 'Host name', service, identity: 'default', accepted: true, reason: '' },
			...(service.startsWith('SIP') ? [{ name: 'example.org', from: 'SIP domain', service, identity: 'default', accepted: false, reason: `name does not match: certificate has DNS:${host}, wanted example.org` }] : []),
			...(q.get('name') ? [{ name: q.get('name'), from: 'Asked for', service, identity: 'default', accepted: q.get('name') === 'sip.example.org', reason: q.get('name') === 'sip.example.org' ? '' : 'name does not match' }] : []),
		]) }),
		'POST /api/v1/identities': ({ body, reply }) => {
			if (!/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/.test(body.id ?? ''))
				throw fault(400, 'invalid-value', 'A name holds 1 to 31 small letters, digits and hyphens.', '/id');
			if (identities.some((one) => one.id === body.id))
				throw fault(409, 'in-use', 'There is an identity of this name already.', '/id');
			identities.push({ id: body.id, label: body.id, service: 'sip', side: 'client', named: true, configured: false, 'falls-back-to': null, 'used-by': [], certificate: null, chain: [], findings: [], request: null, staged: null });
			reply.status = 201;
			return { id: body.id };
		},
		'GET /api/v1/identities': () => ({ identities, 'key-types': Object.keys(keyWords), hashes: ['sha256', 'sha384'], defaults }),
	};

	const actions = {
		'POST request': (identity, { body, reply }) => {
			reply.status = 201;
			return pending(identity, defaults, body);
		},
		'DELETE request': (identity) => { identity.request = null; },
		'POST self-signed': (identity, { body }) => stage(identity, body['common-name'], [{ id: 'self-signed', severity: 'warn', text: 'It is signed by itself.', remedy: 'Use it for tests only.' }], { 'self-signed': true }),
		'POST upload': (identity, { body }) => {
			if (body.pem && !/BEGIN CERTIFICATE/.test(body.pem))
				throw fault(400, 'invalid-value', 'There is no certificate in this text.', 'pem');
			const wrong = /WRONG/.test(body.pem ?? '');
			return stage(identity, host, wrong ? [{ id: 'key-mismatch', severity: 'refuse', text: 'Its key is not that of the pending request.', remedy: 'Upload the certificate that was issued for this request; this one may be for the other half of the pair.' }] : warnings);
		},
		'DELETE staged': (identity) => { identity.staged = null; },
		'POST activate': (identity, { body }) => activate(identity, body),
		'DELETE certificate': (identity) => {
			Object.assign(identity, { configured: false, certificate: identities[0].certificate, chain: identities[0].chain, findings: [] });
			return { revision: null };
		},
	};

	return {
		identities,
		answer(method, path, context) {
			const route = routes[`${method} ${path}`];
			if (route)
				return { data: route(context) };
			let match = /^\/api\/v1\/trust\/([^/]+)\/(text|pem)$/.exec(path);
			if (match) {
				const entry = byName(decodeURIComponent(match[1]));
				context.reply.text = match[2] === 'pem' ? entry.certificate : `${entry.name}\n${decoded(entry)}`;
				return {};
			}
			match = /^\/api\/v1\/identities\/([\w-]+)$/.exec(path);
			if (match && method === 'DELETE') {
				identities.splice(identities.findIndex((one) => one.id === match[1]), 1);
				return { data: { revision: null } };
			}
			match = /^\/api\/v1\/identities\/([\w-]+)\/([\w-]+)$/.exec(path);
			const identity = match && identities.find((one) => one.id === match[1]);
			const action = match && actions[`${method} ${match[2]}`];
			return identity && action ? { data: action(identity, context) } : undefined;
		},
	};
}
