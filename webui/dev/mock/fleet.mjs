// What the mock says about a running pair: zones, calls, phones, alarms, log.

const minute = 60_000;
const people = [['alice', 'Alice Moreau'], ['bob', 'Bob Lindqvist'], ['carol', 'Carol Hoffmann'], ['dilip', 'Dilip Rao'],
	['elena', 'Elena Petrova'], ['frank', 'Frank Osei'], ['grace', 'Grace Tanaka'], ['henrik', 'Henrik Dahl']];
const agents = ['Yealink SIP-T54W 96.86.0.100', 'Poly/VVX 450 6.4.6', 'baresip v3.10.1 (x86_64/Linux)', 'Cisco-CP8845/14.2.1'];

export function createFleet(role) {
	const boot = Date.now() - 3 * 86_400_000 - 4 * 3_600_000;
	const iso = (ms) => new Date(ms).toISOString();
	const calls = [];
	const history = [];
	const endedAt = (n) => Date.now() - n * 7 * minute;

	for (let n = 0; n < 4; n++)
		calls.push(makeCall(n, Date.now() - (n * 3 + 1) * minute, n === 3 ? 'ringing' : 'established', role));
	for (let n = 0; n < 63; n++)
		history.push(endCall(makeCall(100 + n, endedAt(n + 1) - 4 * minute, 'ended', role), endedAt(n + 1), n));

	const alarms = [
		{ id: '7', code: 40012, severity: 'warning', subject: 'identity', text: 'The certificate of this appliance is signed by its own temporary CA.', remedy: 'Ask your certificate authority for a certificate with this host name and replace it under Certificates.', 'raised-at': iso(boot), 'cleared-at': null, 'acknowledged-by': null },
		{ id: '9', code: 25004, severity: 'critical', subject: 'branch-pbx', text: 'The neighbor zone branch-pbx does not answer OPTIONS requests.', remedy: 'Check that 10.20.4.15 is running and that the firewall lets TCP 5060 through.', 'raised-at': iso(Date.now() - 12 * minute), 'cleared-at': null, 'acknowledged-by': null },
		{ id: '3', code: 25001, severity: 'critical', subject: role === 'core' ? 'edge' : 'core', text: 'The traversal link was down.', remedy: 'None needed: the link came back.', 'raised-at': iso(boot + 20 * minute), 'cleared-at': iso(boot + 24 * minute), 'acknowledged-by': 'admin' },
	];
	const peerName = role === 'core' ? 'edge' : 'core';
	const zones = [
		{ name: peerName, type: role === 'core' ? 'traversal-client' : 'traversal-server', state: 'up', reason: '', peer: role === 'core' ? '192.0.2.10:7001' : '198.51.100.7:41822', 'since-at': iso(boot + 24 * minute), tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384', 'peer-certificate': `CN=${peerName}.example.org, SHA-256 3A:91:0C:77:E2:5B:48:D9:1F:60:AE:03:9D:C4:72:B8:55:16:EF:20:8A:9B:37:C1:6D:04:F8:E3:52:BB:70:1E`, 'round-trip-ms': 11.4, calls: 3, 'hop-up': true, 'hop-peer': '192.0.2.10:36000', connects: 2 },
		{ name: 'pbx', type: 'neighbor', state: 'up', reason: '', peer: '10.20.1.5:5061', 'since-at': iso(boot + minute), tls: 'TLSv1.3 TLS_AES_128_GCM_SHA256', 'peer-certificate': 'CN=pbx.example.org, SHA-256 88:0D:41:AA', 'round-trip-ms': 1.2, calls: 3, 'hop-up': false, 'hop-peer': null, connects: 1 },
		{ name: 'branch-pbx', type: 'neighbor', state: 'failed', reason: 'No answer to OPTIONS from 10.20.4.15:5060 over TCP: connection refused. Next try in 8 s.', peer: '10.20.4.15:5060', 'since-at': iso(Date.now() - 12 * minute), tls: '', 'peer-certificate': '', 'round-trip-ms': 0, calls: 0, 'hop-up': false, 'hop-peer': null, connects: 3 },
		{ name: 'lab', type: 'neighbor', state: 'disabled', reason: 'Disabled in the configuration.', peer: null, 'since-at': iso(boot), tls: '', 'peer-certificate': '', 'round-trip-ms': 0, calls: 0, 'hop-up': false, 'hop-peer': null, connects: 0 },
		{ name: 'Default zone', type: 'default', state: 'up', reason: '', peer: null, 'since-at': iso(boot), tls: '', 'peer-certificate': '', 'round-trip-ms': 0, calls: 0, 'hop-up': false, 'hop-peer': null, connects: 0 },
	];
	const registrations = Array.from({ length: 37 }, (_, n) => {
		const [user] = people[n % people.length];
		return { aor: `sip:${user}${n >= people.length ? n : ''}@example.org`, contact: `sip:${user}@10.20.${n % 5}.${20 + n}:5061;transport=tls`, source: `10.20.${n % 5}.${20 + n}:${50000 + n * 17}`, transport: ['tls', 'tcp', 'udp'][n % 3], 'user-agent': n === 4 ? '<img src=x onerror=alert(1)>' : agents[n % agents.length], 'expires-s': 600 + n * 71, 'registered-at': iso(Date.now() - n * 9 * minute) };
	});
	const log = { event: eventLog(boot, peerName), configuration: [], network: networkLog() };

	return {
		calls, history, alarms, zones, registrations, log,
		status: (revision) => ({
			'now-at': iso(Date.now()), 'started-at': iso(boot),
			processes: [
				process('turnpiked', 811, 0, boot), process('turnpike-admin', 816, 0, boot),
				process('turnpike-sip', 4127, 1, Date.now() - 9 * 3_600_000, 'signal 9 (Killed)'), process('turnpike-media', 819, 0, boot),
			],
			sip: { 'server-transactions': 2, 'client-transactions': 2, dialogs: calls.length, 'media-sessions': calls.length, connections: 6, registrations: registrations.length, 'requests-received': '48213', 'responses-received': '47001', 'parse-errors': '17', 'calls-total': '3310', 'calls-failed': '41' },
			media: { sessions: calls.length, 'kept-sessions': 0, 'port-pairs-used': calls.length * 2, 'port-pairs-resting': 3, 'port-pairs-total': 11999, 'hop-flows': calls.length * 2, 'packets-relayed': String(9_000_000 + (Date.now() % 1e6)), 'packets-dropped': '212' },
			'calls-active': calls.length, registrations: registrations.length,
			zones: { up: zones.filter((z) => z.state === 'up').length, down: zones.filter((z) => z.state === 'failed').length },
			alarms: Object.fromEntries(['critical', 'warning', 'information'].map((s) => [s, alarms.filter((a) => a.severity === s && !a['cleared-at']).length])),
			'certificate-not-after': iso(Date.now() + 79 * 86_400_000), revision,
		}),
		detail: (call) => ({ ...call, steps: steps(call, role), streams: streams(call) }),
	};

	function process(name, pid, restarts, started, lastEnd = '') {
		return { name, pid, ready: true, restarts, 'started-at': iso(started), 'last-end': lastEnd };
	}
}

function makeCall(n, started, state, role) {
	const [from, name] = people[n % people.length];
	const [to] = people[(n + 3) % people.length];
	const outward = n % 2 === 0;
	const peer = role === 'core' ? 'edge' : 'core';
	const answered = state === 'ringing' ? null : started + 4200;
	return {
		id: String(500_000 + n), 'call-id': `a84b4c76e667${10 + n}@10.20.1.${n % 200}`, from: `"${name}" <sip:${from}@example.org>`, to: `sip:${outward ? `+4930${5550000 + n}` : to}@${outward ? 'carrier.example.net' : 'example.org'}`,
		'source-zone': outward ? 'pbx' : peer, 'target-zone': outward ? peer : 'pbx', state, status: state === 'ringing' ? 180 : 200,
		'started-at': new Date(started).toISOString(), 'answered-at': answered && new Date(answered).toISOString(),
		'duration-s': answered ? Math.round((Date.now() - answered) / 1000) : 0, 'source-transport': 'tls', 'target-transport': 'tls',
	};
}

function endCall(call, at, n) {
	const failed = n % 7 === 3;
	if (failed)
		Object.assign(call, { status: n % 2 ? 404 : 486, 'answered-at': null, 'duration-s': 0, 'target-zone': n % 2 ? '' : call['target-zone'] });
	else
		call['duration-s'] = 30 + ((n * 37) % 900);
	return Object.assign(call, {
		state: 'ended', 'ended-at': new Date(at).toISOString(),
		'end-reason': failed ? (n % 2 ? 'No search rule matches the alias' : 'The called party is busy') : n % 3 ? 'The caller hung up' : 'The called party hung up',
	});
}

function steps(call, role) {
	const alias = call.to.replace('sip:', '');
	return [
		`INVITE from 10.20.1.5 over TLS for ${alias}`,
		`source zone '${call['source-zone']}': peer address matches`,
		`authentication: not checked for this zone`,
		`rule 'local-phones' (priority 50): any alias: no registration for ${alias}`,
		`rule 'to-carrier' (priority 100): prefix '+' ${alias.startsWith('+') ? 'matches' : 'does not match'}`,
		call.status === 404 ? `no further rule: answered 404` : `target zone '${call['target-zone'] || role}': sent over the traversal link`,
	];
}

function streams(call) {
	if (!call['answered-at'])
		return [];
	const oneWay = call.id.endsWith('2');
	const seconds = Math.max(1, call['duration-s']);
	const base = (leg, type, index) => ({
		index, type, leg, kind: (leg === 'callee') === (call['target-zone'] !== 'pbx') ? 'hop' : 'udp',
		'rx-suite': 'AEAD_AES_256_GCM', 'tx-suite': 'AEAD_AES_256_GCM', local: `10.20.1.2:${36010 + index * 4}`, 'remote-signalled': `10.20.3.${30 + index}:4000${index}`, 'remote-learned': `10.20.3.${30 + index}:4000${index}`,
		'rx-packets': seconds * 50, 'rx-octets': seconds * 50 * 160, 'tx-packets': seconds * 50 - 2, 'tx-octets': (seconds * 50 - 2) * 160, 'rx-lost': 3, 'jitter-ms': 2.4, 'rtcp-rx': Math.floor(seconds / 5), 'rtcp-tx': Math.floor(seconds / 5), 'srtp-failures': 0, 'srtp-replays': 0, 'wrong-source': 0, malformed: 0, 'silent-ms': 18, reason: '',
	});
	const list = [base('caller', 'audio', 0), base('callee', 'audio', 0), base('caller', 'video', 1), base('callee', 'video', 1)];
	if (oneWay)
		Object.assign(list[1], { 'rx-packets': 0, 'rx-octets': 0, 'remote-learned': null, 'srtp-failures': 412, 'silent-ms': null, reason: 'The called side sends SRTP that does not verify with the key it signalled: 412 packets were dropped. Nothing of it can be heard.' });
	return list;
}

function eventLog(boot, peer) {
	const kinds = [['information', 'zone-up', `The traversal link to '${peer}' is up.`], ['warning', 'sip-parse', '17 messages from 203.0.113.9 could not be read: missing Via header.'], ['information', 'registration', 'sip:alice@example.org registered from 10.20.0.20.'], ['critical', 'zone-down', "Zone 'branch-pbx' failed: connection refused."], ['information', 'login', 'admin logged in.']];
	return Array.from({ length: 130 }, (_, n) => {
		const [severity, name, text] = kinds[n % kinds.length];
		return { id: 5000 - n, at: new Date(Date.now() - n * 11 * minute).toISOString(), severity, name, text, user: name === 'login' ? 'admin' : null, source: name === 'login' ? '10.20.9.14' : null, path: null, before: null, after: null };
	}).filter((line) => Date.parse(line.at) > boot);
}

function networkLog() {
	const kinds = [['information', 'connection.opened', 'Inbound: TLSv1.3 TLS_AES_256_GCM_SHA384', 'sip', '10.20.0.20:50122'], ['warning', 'connection.failed', 'Inbound: TLS: the peer does not trust our certificate: unknown CA', 'sip', '203.0.113.9:41000'], ['information', 'connection.closed', 'Outbound: closed by the peer', 'traversal', '192.0.2.10:7001'], ['information', 'connection.opened', 'Inbound: HTTPS', 'web', '10.20.9.14:61022']];
	return Array.from({ length: 90 }, (_, n) => {
		const [severity, name, text, path, source] = kinds[n % kinds.length];
		return { id: 20000 - n, at: new Date(Date.now() - n * minute).toISOString(), severity, name, text, user: null, source, path, before: null, after: null };
	});
}
