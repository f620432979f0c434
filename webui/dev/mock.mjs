// A server with the API of docs/api.md over data in memory, and the built files of
// dist/ under the policy that the appliance sends. For development and tests.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { randomBytes } from 'node:crypto';
import { createAccounts } from './mock/accounts.mjs';
import { serials, traversalTest } from './mock/tls.mjs';
import { createStore, segmentsOf } from './mock/store.mjs';
import { createFleet } from './mock/fleet.mjs';
import { configuration, identity } from './mock/seed.mjs';
import { nodes } from './mock/model.mjs';
import { createCertificates } from './mock/certificates.mjs';
import { createCard } from './mock/card.mjs';
import { createLoginTest } from './mock/loginTest.mjs';
import { readiness } from './mock/readiness.mjs';
import { createRevocation } from './mock/revocation.mjs';
import { createCiphers } from './mock/ciphers.mjs';
import { createAcme } from './mock/acme.mjs';
import { createSessions } from './mock/sessions.mjs';
import { createTokens } from './mock/tokens.mjs';
import { createAdvanced } from './mock/advanced.mjs';

const dist = new URL('../dist/', import.meta.url).pathname;
const mime = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
/** As server/admin/http/server.c sends it. */
export const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-gpz/yeNvAX5PVeprnCCon5pT1sMtc0xMyqW5pB8J1Hw='; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Which parts of the configuration the first revisions hold. */
const history = [/system/, /system|tls|zone/];

const fault = (status, tag, message, path) => Object.assign(new Error(message), { status, tag, path });

/**
 * scenario: "active"; "setup", a first run; "password", configured through the API but
 * without an administrator. quiet: a single revision. level, mustChange: of the account that
 * logs in; advanced: the appliance is in the advanced mode. `frozen` of what this gives refuses
 * every change after the login, and `tried` lists them.
 */
export function createMock({ scenario = 'active', role = 'core', quiet = false, idleSeconds = 1800, level = 'read-write', mustChange = false, advanced = false, past = false, consent = null } = {}) {
	const isFirstRun = scenario === 'setup';
	const clock = () => new Date().toISOString();
	const store = createStore(isFirstRun ? {} : configuration(role), clock);
	const fleet = createFleet(role);
	const certificates = createCertificates(store, `${role}.example.org`);
	const card = createCard(store);
	const accounts = createAccounts(level);
	const sessions = new Map();
	const logged = createSessions();
	const tokens = createTokens();
	const mode = createAdvanced(store, accounts.list);
	let connections = 0;
	const setup = { needed: isFirstRun ? ['password', 'system', 'identity', 'peer'] : scenario === 'password' ? ['password'] : [] };
	const secret = 'TURN-PIKE-FIRST-LOGIN';
	let forced = mustChange;
	let password = scenario !== 'active' ? null : 'correct horse battery';
	let hostName = isFirstRun ? 'turnpike' : `${role}.example.org`;
	let currentRole = isFirstRun ? null : role;
	if (isFirstRun)
		store.record('turnpike', 'First start', 'committed', 0);
	else if (!quiet)
		for (const [author, comment, changes] of [['turnpike', 'First start', 0], ['admin', 'First-run wizard', 14], ['admin', 'Add the PBX and its rules', 11], ['ministry-it', 'Branch office', 9]])
			store.record(author, comment, 'committed', changes);
	for (const [at, parts] of history.entries())
		if (store.revisions[at])
			store.revisions[at].tree = Object.fromEntries(Object.entries(store.running).filter(([name]) => parts.test(name)));
	for (const revision of store.revisions) {
		const line = { at: revision.at, severity: 'information', user: revision.author, source: '10.20.9.14' };
		const id = 6000 + 2 * fleet.log.configuration.length;
		fleet.log.configuration.unshift({ id: id + 1, ...line, name: 'config.change', text: `Revision ${revision.revision} changed a setting.`, path: '/turnpike-sip:sip/tls/port', before: '5061', after: '5071' }, { id, ...line, name: 'config.commit', text: `Revision ${revision.revision} is in force: ${revision.comment}`, path: null, before: null, after: null });
	}

	const describe = (session) => ({
		state: session.state, product: 'Turnpike', version: '0.1.0', 'host-name': hostName, role: currentRole, user: session.user ?? null, csrf: session.csrf,
		'idle-s': idleSeconds, banner: mode.banner(), 'previous-login-at': session.user ? new Date(Date.now() - 7.2e6).toISOString() : null, 'failed-logins': 0,
		consent: consent && !session.user ? { digest: 'd1', ...consent } : null, ended: null,
		...(past && session.user ? { 'previous-login-source': '10.20.9.14', 'previous-login-method': 'password', 'failed-logins': 2, 'last-failure-at': new Date(Date.now() - 6e5).toISOString(), 'last-failure-source': '10.20.9.99', 'logged-in-at': session.at } : {}),
		level: session.user ? level : null, 'must-change-password': Boolean(session.user) && forced, advanced: advanced || mode.isOn(), emergency: mode.isEmergency(session.user),
	});
	const trialLeft = () => (store.trial ? Math.max(0, Math.round((store.trial.until - Date.now()) / 1000)) : 0);
	const page = (list, q, filter) => {
		const text = (q.get('filter') ?? '').toLowerCase();
		const found = text ? list.filter((entry) => filter(entry).toLowerCase().includes(text)) : list;
		const offset = Number(q.get('offset') ?? 0);
		return { total: found.length, rows: found.slice(offset, offset + Number(q.get('limit') ?? 50)) };
	};

	function endTrial(undo) {
		if (!store.trial)
			throw fault(409, 'in-use', 'No trial is under way.');
		const tried = store.revisions.find((revision) => revision.revision === store.trial.revision);
		tried.state = undo ? 'undone' : 'committed';
		if (undo) {
			store.running = store.trial.before;
			store.candidate = structuredClone(store.running);
			tried.running = false;
			store.revisions.findLast((revision) => revision.state === 'committed').running = true;
		}
		clearTimeout(store.trial.timer);
		store.trial = null;
	}

	const routes = {
		...createRevocation(store),
		...createCiphers(store),
		...createAcme(store),
		...logged.routes,
		...tokens.routes,
		...accounts.routes,
		...mode.routes,
		'GET /api/v1/session': ({ session }) => describe(session),
		'POST /api/v1/session': ({ session, body }) => {
			if (body.user !== 'admin' || body.password !== password)
				throw fault(401, 'access-denied', 'User name or password is wrong.');
			if (consent?.['must-acknowledge'] && body.consent !== 'd1')
				throw fault(403, 'access-denied', 'Read and accept the notice of this appliance first.', '/consent');
			Object.assign(session, { state: 'active', user: 'admin', csrf: randomBytes(16).toString('hex'), at: clock() });
			return describe(session);
		},
		'DELETE /api/v1/session': ({ session }) => { Object.assign(session, { state: 'anonymous', user: null }); },
		'POST /api/v1/setup/unlock': ({ session, body }) => {
			if (body.secret !== secret)
				throw fault(401, 'access-denied', 'That is not the first-login secret of this appliance.');
			session.unlocked = true;
			return describe(session);
		},
		'GET /api/v1/setup': ({ session }) => {
			if (!session.unlocked && !session.user)
				throw fault(401, 'access-denied', 'Unlock the setup first.');
			return { 'step-needed': setup.needed, 'local-addresses': [{ name: 'eth0', address: '192.0.2.10' }, { name: 'eth1', address: '10.20.1.2' }], identity: { 'ca-fingerprint': identity(role)['ca-fingerprint'], 'certificate-fingerprint': identity(role)['certificate-fingerprint'] } };
		},
		'POST /api/v1/setup/password': ({ session, body }) => {
			if ((body.password ?? '').length < 12)
				throw fault(400, 'invalid-value', 'The password needs at least 12 characters.', '/password');
			password = body.password;
			setup.needed = setup.needed.filter((step) => step !== 'password');
			Object.assign(session, { state: setup.needed.length ? 'setup' : 'active', user: 'admin' });
		},
		'POST /api/v1/setup/complete': ({ session, body }) => {
			if (body.peer && !/BEGIN CERTIFICATE/.test(body.peer['peer-ca'] ?? ''))
				throw fault(400, 'invalid-value', 'The peer CA is not a PEM certificate.', '/peer/peer-ca');
			currentRole = body.role;
			hostName = body['host-name'];
			store.running = configuration(body.role);
			store.running['turnpike-system:system']['host-name'] = hostName;
			store.candidate = structuredClone(store.running);
			setup.needed = [];
			session.state = 'active';
			return { revision: Number(store.record('admin', 'First-run wizard', 'committed', 14).revision) };
		},
		'GET /api/v1/identity': () => identity(currentRole ?? role),
		'GET /api/v1/model': () => ({ nodes }),
		'GET /api/v1/config/status': () => {
			const running = store.revisions.find((revision) => revision.running) ?? store.revisions.at(-1);
			const changes = store.diff().length;
			return { running: { revision: running.revision, at: running.at, author: running.author, comment: running.comment }, changes, holder: changes ? 'admin' : null, trial: store.trial && { revision: store.trial.revision, 'left-s': trialLeft() } };
		},
		'GET /api/v1/config/diff': ({ q }) => ({ changes: q.has('from') ? store.diff(store.tree(q.get('from')), store.tree(q.get('to'))) : store.diff() }),
		'POST /api/v1/config/validate': () => {
			const errors = store.check();
			return errors.length ? { valid: false, errors } : { valid: true };
		},
		'POST /api/v1/config/commit': ({ body }) => {
			const errors = store.check();
			if (errors.length)
				throw Object.assign(fault(400, 'invalid-value', 'The configuration is not valid.'), { errors });
			if (store.trial)
				throw fault(409, 'in-use', 'A trial is under way: confirm or undo it first.');
			const before = store.running;
			const changes = store.diff().length;
			store.running = structuredClone(store.candidate);
			const trial = body['confirm-within-s'] > 0;
			const revision = store.record('admin', body.comment, trial ? 'trial' : 'committed', changes);
			if (trial)
				store.trial = { revision: revision.revision, before, newest: connections, until: Date.now() + body['confirm-within-s'] * 1000, timer: setTimeout(() => endTrial(true), body['confirm-within-s'] * 1000).unref() };
			return { revision: revision.revision, trial: trial ? { 'left-s': trialLeft() } : null };
		},
		'POST /api/v1/config/confirm': ({ socket, reply }) => {
			if (store.trial && socket.opened <= store.trial.newest) {
				reply.close = true;
				throw fault(403, 'access-denied', 'Confirm over a new connection, which shows that you can still get in.');
			}
			endTrial(false);
		},
		'POST /api/v1/config/undo': () => endTrial(true),
		'POST /api/v1/config/discard': () => { store.candidate = structuredClone(store.running); store.etag++; },
		'GET /api/v1/config/revisions': ({ q }) => {
			const { total, rows } = page(store.revisions.toReversed(), q, (revision) => revision.comment);
			return { total, revisions: rows.map(({ tree, ...revision }) => revision) };
		},
		'POST /api/v1/config/restore': ({ body }) => { store.candidate = structuredClone(store.tree(body.revision)); },
		'GET /api/v1/status': () => ({ 'host-name': hostName, role: currentRole, version: '0.1.0', ...fleet.status(store.revisions.find((revision) => revision.running)?.revision ?? '1') }),
		'GET /api/v1/readiness': () => readiness(clock),
		'GET /api/v1/zones': () => ({ zones: fleet.zones }),
		'GET /api/v1/registrations': ({ q }) => {
			const { total, rows } = page(fleet.registrations, q, (entry) => entry.aor + entry.contact);
			return { total, registrations: rows };
		},
		'GET /api/v1/calls': ({ q }) => {
			const { total, rows } = page(fleet.calls, q, (call) => call.from + call.to);
			return { total, calls: rows };
		},
		'GET /api/v1/history': ({ q }) => {
			const result = q.get('result') ?? 'all';
			const list = fleet.history.filter((call) => result === 'all' || (result === 'answered') === Boolean(call['answered-at']));
			const { total, rows } = page(list, q, (call) => call.from + call.to + call['call-id']);
			return { total, calls: rows };
		},
		'GET /api/v1/alarms': () => ({ alarms: fleet.alarms }),
		'GET /api/v1/log': ({ q }) => {
			const least = Number(q.get('severity') ?? 0);
			const lines = fleet.log[q.get('kind') ?? 'event'].filter((line) => ['information', 'warning', 'critical'].indexOf(line.severity) >= least);
			const { total, rows } = page(lines, q, (line) => line.name + line.text + line.path + line.after);
			return { total, lines: rows };
		},
		'GET /api/v1/log/export': ({ q, reply }) => {
			const after = Number(q.get('after'));
			reply.text = `${q.get('kind')} ${q.get('filter')} ${q.get('format')} ${after}\n`;
			if (after === 0)
				reply.next = 100;
		},
		'GET /api/v1/log/state': () => ({ audit: { records: 4711, bytes: 1 << 20, 'most-bytes': 256 << 20, days: 365 }, network: { records: 20000, bytes: 50 << 20, 'most-bytes': 64 << 20, days: 30 }, 'warn-percent': 75, 'network-on': true, failing: false, waiting: 0 }),
		'GET /api/v1/audit/verify': () => ({ verified: !fleet.log.tampered, first: 1, last: 4711, records: 4711, heads: 230, sealed: 4709, unsealed: 2, counter: 230, faults: fleet.log.tampered ? 1 : 0, findings: fleet.log.tampered ? [{ fault: 'changed', first: 17, last: 17, text: 'Record 17 is not what was written, or not at its place.' }] : [] }),
		'POST /api/v1/traversal-test': ({ body }) => traversalTest(currentRole, body),
		...card.routes,
		...createLoginTest(accounts.list, store),
		'POST /api/v1/session/certificate': ({ session }) => {
			Object.assign(session, { state: 'active', user: 'ADAMS.ANN.A.1000000001', csrf: randomBytes(16).toString('hex') });
			return describe(session);
		},
		'GET /api/v1/tls/serials': () => ({ complete: true, serials: serials(currentRole) }),
		'GET /api/v1/ports': () => ({ ports: [
			{ protocol: 'TCP', address: '10.20.1.2', port: 7443, service: 'Web administration', direction: 'in', peer: 'administrators' },
			{ protocol: 'TCP', address: '10.20.1.2', port: 5061, service: 'SIP over TLS', direction: 'in', peer: 'phones and neighbors' },
			{ protocol: 'TCP', address: '10.20.1.2', port: 5060, service: 'SIP over TCP', direction: 'in', peer: 'phones and neighbors' },
			{ protocol: 'UDP', address: '10.20.1.2', port: '36002-59999', service: 'RTP and RTCP', direction: 'in', peer: 'phones and neighbors' },
			{ protocol: 'TCP', address: '10.20.1.2', port: 7001, service: 'Traversal link', direction: 'out', peer: '192.0.2.10' },
			{ protocol: 'UDP', address: '10.20.1.2', port: '36000-36001', service: 'Media between core and edge', direction: 'out', peer: '192.0.2.10' },
		] }),
	};

	const open = /^\/api\/v1\/(session|session\/certificate|setup\/unlock)$/;

	function answer(method, url, context) {
		const route = routes[`${method} ${url.pathname}`];
		if (!open.test(url.pathname) && !/^\/api\/v1\/setup/.test(url.pathname) && context.session.state === 'anonymous' && !context.session.unlocked)
			throw fault(401, 'access-denied', 'Log in first.');
		if (route)
			return route(context);
		const made = certificates.answer(method, url.pathname, context);
		if (made)
			return made.data;
		let match = /^\/api\/v1\/(calls|history)\/(\w+)$/.exec(url.pathname);
		if (match) {
			const list = match[1] === 'calls' ? fleet.calls : fleet.history;
			const at = list.findIndex((call) => call.id === match[2]);
			if (at < 0)
				throw fault(404, 'data-missing', 'There is no such call.');
			if (method === 'GET')
				return fleet.detail(list[at]);
			const [call] = list.splice(at, 1);
			fleet.history.unshift({ ...call, state: 'ended', 'ended-at': clock(), 'end-reason': 'Ended by the administrator' });
			return undefined;
		}
		match = /^\/api\/v1\/sessions\/(\w+)$/.exec(url.pathname);
		if (match && method === 'DELETE') {
			logged.end(match[1]);
			return undefined;
		}
		match = /^\/api\/v1\/tokens\/(\w+)$/.exec(url.pathname);
		if (match && method === 'DELETE') {
			tokens.delete(match[1]);
			return undefined;
		}
		match = /^\/api\/v1\/alarms\/(\w+)\/acknowledge$/.exec(url.pathname);
		if (match) {
			fleet.alarms.find((alarm) => alarm.id === match[1])['acknowledged-by'] = 'admin';
			return undefined;
		}
		if (method === 'PUT' && url.pathname === '/api/v1/accounts/admin/password') {
			if (context.body.current !== password)
				throw fault(403, 'access-denied', 'The present password is wrong.', '/current');
			accounts.check(context.body.password);
			password = context.body.password;
			forced = false;
			return undefined;
		}
		const named = accounts.answer(method, url.pathname, context);
		if (named)
			return named.data;
		match = /^\/restconf\/ds\/(running|candidate)(\/.*)$/.exec(url.pathname);
		if (match)
			return restconf(method, match[1], match[2], context);
		throw fault(404, 'unknown-element', 'There is no such resource.');
	}

	function restconf(method, datastore, path, { body, reply }) {
		const segments = segmentsOf(path);
		const last = segments.at(-1);
		const qualified = last.name.includes(':') ? last.name : `${segments[0].name.split(':')[0]}:${last.name}`;
		if (method === 'GET') {
			const value = store.read(store[datastore], segments);
			if (value === undefined)
				throw fault(404, 'data-missing', 'There is no such data.');
			reply.etag = `"${store.etag}"`;
			return { [qualified]: last.key === undefined ? value : [value] };
		}
		if (method === 'DELETE') {
			if (!store.remove(segments))
				throw fault(404, 'data-missing', 'There is no such entry.');
			return undefined;
		}
		const [[name, sent]] = Object.entries(body);
		if (method === 'PUT') {
			store.put(segments, last.key === undefined ? sent : sent[0]);
			return undefined;
		}
		const list = last.schema.nodes.find((node) => node.name === name.replace(/^.*:/, ''));
		const key = String(sent[0][list.keys[0]]);
		const entry = [...segments, { name: list.name, schema: list, key, keyName: list.keys[0] }];
		if (store.read(store.candidate, entry) !== undefined)
			throw fault(409, 'data-exists', `There is already an entry “${key}”.`, `${list.path}[${list.keys[0]}='${key}']/${list.keys[0]}`);
		store.put(entry, sent[0]);
		reply.status = 201;
		return undefined;
	}

	async function serveFile(url, response) {
		const path = normalize(decodeURIComponent(url.pathname));
		const headers = { 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' };
		let file = join(dist, extname(path) ? path : 'index.html');
		const bytes = await readFile(file).catch(() => null);
		if (!bytes) {
			response.writeHead(404, headers).end();
			return;
		}
		response.writeHead(200, { ...headers, 'Content-Type': mime[extname(file)] ?? 'application/octet-stream' }).end(bytes);
	}

	async function handle(request, response) {
		const url = new URL(request.url, 'http://mock');
		if (!/^\/(api|restconf)\//.test(url.pathname))
			return serveFile(url, response);
		const reply = { status: 200 };
		const headers = { 'Content-Type': 'application/yang-data+json', 'Cache-Control': 'no-store' };
		try {
			let id = /turnpike-mock=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
			if (!sessions.has(id)) {
				id = randomBytes(12).toString('hex');
				sessions.set(id, { state: 'anonymous', csrf: randomBytes(16).toString('hex') });
				headers['Set-Cookie'] = `turnpike-mock=${id}; HttpOnly; SameSite=Strict; Path=/`;
			}
			const session = sessions.get(id);
			if (setup.needed.includes('password') && session.state === 'anonymous')
				session.state = 'setup';
			if (request.method !== 'GET' && request.headers['x-csrf-token'] !== session.csrf)
				throw fault(403, 'access-denied', 'The request does not carry the token of this session.');
			const chunks = [];
			for await (const chunk of request)
				chunks.push(chunk);
			const text = Buffer.concat(chunks).toString();
			if (request.method !== 'GET' && session.user) {
				mock.tried.push(`${request.method} ${url.pathname}`);
				if (mock.frozen)
					throw fault(403, 'access-denied', 'This mock changes nothing.');
			}
			const data = answer(request.method, url, { q: url.searchParams, session, body: text ? JSON.parse(text) : {}, socket: request.socket, reply });
			if (reply.etag)
				headers.ETag = reply.etag;
			if (reply.next)
				headers['X-Turnpike-Next'] = String(reply.next);
			if (reply.text !== undefined) {
				response.writeHead(200, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end(reply.text);
				return undefined;
			}
			response.writeHead(data === undefined && reply.status === 200 ? 204 : reply.status, headers).end(data === undefined ? '' : JSON.stringify(data));
		} catch (error) {
			const errors = (error.errors ?? [{ path: error.path, message: error.message }]).map(({ path, message }) => ({ 'error-type': 'application', 'error-tag': error.tag ?? 'operation-failed', 'error-path': path, 'error-message': message }));
			if (reply.close)
				headers.Connection = 'close';
			response.writeHead(error.status ?? 500, headers).end(JSON.stringify({ 'ietf-restconf:errors': { error: errors } }));
		}
		return undefined;
	}

	const server = createServer((request, response) => {
		handle(request, response).catch((error) => response.writeHead(500).end(String(error)));
	});
	server.on('connection', (socket) => { socket.opened = ++connections; });
	const mock = {
		frozen: false, tried: [],
		card: card.card,
		mode, secret, store, fleet, sessions: logged, tokens, certificates, accounts,
		listen: (port = 0, address = '127.0.0.1') => new Promise((done) => server.listen(port, address, () => done(`http://${address}:${server.address().port}`))),
		close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
	};
	return mock;
}

if (import.meta.url === `file://${process.argv[1]}`) {
	const [scenario = 'active', role = 'core', port = '7480'] = process.argv.slice(2);
	const address = await createMock({ scenario, role }).listen(Number(port));
	console.log(`${address}  user admin, password "correct horse battery", first-login secret TURN-PIKE-FIRST-LOGIN`);
}
