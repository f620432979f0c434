// The schema that the mock's /api/v1/model gives: the tree that docs/api.md lists.

const leaf = (name, label, type, more = {}) => ({ kind: 'leaf', name, label, type, ...more });
const list = (name, label, keys, nodes, more = {}) => ({ kind: 'list', name, label, keys, nodes, ...more });
const box = (name, label, nodes, more = {}) => ({ kind: 'container', name, label, nodes, ...more });
const choices = (...names) => names.map(([name, label, help]) => ({ name, label, help: help ?? null }));

const encryption = choices(
	['auto', 'Auto', 'No policy: encrypted when the peer offers it.'],
	['force-encrypted', 'Force encrypted', 'Calls without SRTP are refused.'],
	['force-unencrypted', 'Force unencrypted', 'SRTP is taken off this leg.'],
	['best-effort', 'Best effort', 'SRTP is offered, plain RTP is accepted.'],
);
const authentication = choices(
	['do-not-check', 'Do not check credentials'],
	['treat-as-authenticated', 'Treat as authenticated'],
	['check', 'Check credentials'],
);

const listener = (name, label, port) =>
	box(name, label, [
		leaf('enabled', 'Enabled', 'boolean', { default: name === 'tls' ? 'true' : 'false', help: `Listen for SIP over ${label} on every network of this appliance.` }),
		leaf('port', 'Port', 'uint16', { range: '1024..65534', default: String(port), lockout: false, help: `Port of the ${label} listener.` }),
	], { help: `The ${label} listener.` });

const system = box('turnpike-system:system', 'System', [
	leaf('host-name', 'Host name', 'string', { mandatory: true, lockout: true, help: 'Full name of this appliance. It stands in its certificate and in Via and Contact headers.' }),
	leaf('role', 'Role', 'enumeration', { mandatory: true, enum: choices(['edge', 'Edge', 'In the DMZ; the core dials in.'], ['core', 'Core', 'Inside; opens every connection outward.']), help: 'The half of the pair that this appliance is.' }),
	list('network', 'Networks', ['name'], [
		leaf('name', 'Name', 'string', { mandatory: true, help: 'A short name, for example lan or dmz.' }),
		leaf('address', 'Address', 'ip-address', { mandatory: true, lockout: true, help: 'An IPv4 or IPv6 address of this machine.' }),
		leaf('advertised-address', 'Advertised address', 'ip-address', { help: 'The address that peers see when a static NAT stands in front of this network.' }),
	], { help: 'Local addresses that signalling, media and this web page may use.' }),
	box('web', 'Web administration', [
		leaf('port', 'Port', 'uint16', { range: '1024..65534', default: '7443', lockout: true, help: 'HTTPS port of this web page.' }),
		leaf('session-idle', 'Idle time-out', 'uint32', { range: '60..86400', default: '1800', units: 'seconds', help: 'A session without activity ends after this time.' }),
		leaf('session-absolute', 'Longest session', 'uint32', { range: '300..604800', default: '28800', units: 'seconds', help: 'A session ends after this time in any case.' }),
		leaf('session-max', 'Sessions at once', 'uint16', { range: '1..100', default: '20', help: 'Over all accounts.' }),
	]),
], { page: 'system' });

const tls = box('turnpike-tls:tls', 'Certificates', [
	box('identity', 'Identity of this appliance', [
		leaf('certificate', 'Certificate chain', 'pem', { lockout: true, help: 'PEM, leaf first.' }),
		leaf('private-key', 'Private key', 'secret', { lockout: true, help: 'PEM. It is sealed on the appliance and never shown again.' }),
	]),
	list('trusted-ca', 'Trusted authorities', ['name'], [
		leaf('name', 'Name', 'string', { mandatory: true }),
		leaf('certificate', 'Certificate', 'pem', { mandatory: true, help: 'PEM of the authority.' }),
	], { help: 'Authorities whose certificates are accepted from peers.' }),
], { page: 'certificates' });

const sip = box('turnpike-sip:sip', 'SIP', [
	leaf('calls-max', 'Most calls at once', 'uint32', { range: '1..10000', default: '500', help: 'Further calls are refused with 503.' }),
	leaf('media-silence', 'End silent calls after', 'uint32', { range: '0..86400', default: '0', units: 'seconds', help: 'A call without any media is ended after this time; 0 keeps it.' }),
	listener('udp', 'UDP', 5060),
	listener('tcp', 'TCP', 5060),
	listener('tls', 'TLS', 5061),
	box('registrar', 'Registrar', [
		{ kind: 'leaf-list', name: 'domain', label: 'Domains', type: 'string', help: 'SIP domains whose phones may register here.' },
		leaf('realm', 'Digest realm', 'string', { help: 'Named in challenges. Empty: the first domain.' }),
		leaf('expires-min', 'Shortest registration', 'uint32', { range: '30..7200', default: '60', units: 'seconds' }),
		leaf('expires-max', 'Longest registration', 'uint32', { range: '60..86400', default: '3600', units: 'seconds' }),
		leaf('nat', 'Phones may be behind NAT', 'boolean', { default: 'true', help: 'Answers go to the address the packets came from.' }),
		list('account', 'Accounts', ['name'], [
			leaf('name', 'User name', 'string', { mandatory: true, help: 'Digest user name, and the user part of the address of record.' }),
			leaf('password', 'Password', 'secret', { mandatory: true }),
			leaf('media-encryption', 'Media encryption', 'enumeration', { enum: encryption, default: 'auto' }),
		], { help: 'Phones that may register.' }),
	]),
	box('default-zone', 'Default zone', [
		leaf('media-encryption', 'Media encryption', 'enumeration', { enum: encryption, default: 'auto' }),
		leaf('authentication', 'Authentication', 'enumeration', { enum: authentication, default: 'do-not-check' }),
		leaf('media-nat', 'Peers may be behind NAT', 'boolean', { default: 'false' }),
	], { help: 'For requests from peers that belong to no other zone.' }),
], { page: 'sip' });

const traversal = "../type = 'traversal-client' or ../type = 'traversal-server'";
const zones = box('turnpike-zone:zones', 'Zones', [
	list('zone', 'Zones', ['name'], [
		leaf('name', 'Name', 'string', { mandatory: true }),
		leaf('type', 'Type', 'enumeration', { mandatory: true, enum: choices(
			['traversal-client', 'Traversal client', 'This appliance dials the edge.'],
			['traversal-server', 'Traversal server', 'The core dials this appliance.'],
			['neighbor', 'Neighbor', 'A PBX or proxy that is reached directly.']) }),
		leaf('enabled', 'Enabled', 'boolean', { default: 'true' }),
		leaf('transport', 'Transport', 'enumeration', { enum: choices(['udp', 'UDP'], ['tcp', 'TCP'], ['tls', 'TLS']), default: 'tls', when: "../type = 'neighbor'" }),
		list('peer', 'Peers', ['address'], [
			leaf('address', 'Address', 'host', { mandatory: true, help: 'IP address or DNS name.' }),
			leaf('port', 'Port', 'uint16', { range: '1..65535', default: '5061' }),
		], { when: "../type != 'traversal-server'", help: 'Tried in this order.' }),
		leaf('listen-port', 'Listening port', 'uint16', { range: '1024..65534', default: '7001', when: "../type = 'traversal-server'", help: 'The core dials this port. One for each zone.' }),
		leaf('network', 'Network', 'leafref', { leafref: '/turnpike-system:system/network/name', help: 'From which local network to dial or to listen on.' }),
		leaf('verify-name', 'Name in the peer certificate', 'string', { when: traversal, help: 'The certificate of the other half must carry this name.' }),
		leaf('user', 'User name', 'string', { when: traversal, help: 'Shared by both halves.' }),
		leaf('password', 'Password', 'secret', { when: traversal }),
		leaf('media-encryption', 'Media encryption', 'enumeration', { enum: encryption, default: 'auto' }),
		leaf('authentication', 'Authentication', 'enumeration', { enum: authentication, default: 'do-not-check' }),
		leaf('hop-count', 'Hop count', 'uint8', { range: '1..255', default: '15' }),
		leaf('retry-interval', 'Retry interval', 'uint16', { range: '1..3600', default: '5', units: 'seconds', when: "../type = 'traversal-client'" }),
		leaf('keepalive-interval', 'Keepalive interval', 'uint16', { range: '5..600', default: '20', units: 'seconds', when: traversal }),
		leaf('monitor', 'Monitor', 'boolean', { default: 'true', when: "../type = 'neighbor'", help: 'OPTIONS requests decide whether the peer is up.' }),
		leaf('tls-verify', 'Check the certificate', 'boolean', { default: 'true', when: "../type = 'neighbor'" }),
		leaf('media-nat', 'Peers may be behind NAT', 'boolean', { default: 'false', when: "../type = 'neighbor'" }),
	]),
], { page: 'zones' });

const search = box('turnpike-search:search', 'Search rules', [
	list('rule', 'Search rules', ['name'], [
		leaf('name', 'Name', 'string', { mandatory: true }),
		leaf('enabled', 'Enabled', 'boolean', { default: 'true' }),
		leaf('priority', 'Priority', 'uint16', { range: '1..65534', default: '100', help: 'Lower numbers are tried first. Equal numbers ring at the same time.' }),
		leaf('source', 'Source', 'enumeration', { enum: choices(['any', 'Any'], ['zone', 'One zone'], ['registrations', 'Registered phones']), default: 'any' }),
		leaf('source-zone', 'Source zone', 'leafref', { leafref: '/turnpike-zone:zones/zone/name', when: "../source = 'zone'" }),
		leaf('authenticated-only', 'Only authenticated requests', 'boolean', { default: 'false' }),
		leaf('match', 'Match', 'enumeration', { enum: choices(['any', 'Any alias'], ['exact', 'Exact'], ['prefix', 'Prefix'], ['suffix', 'Suffix'], ['regex', 'Regular expression']), default: 'any' }),
		leaf('pattern', 'Pattern', 'string', { when: "../match != 'any'", help: 'Compared with the dialled alias, user@domain.' }),
		leaf('behavior', 'What matched', 'enumeration', { enum: choices(['leave', 'Leave'], ['strip', 'Strip'], ['replace', 'Replace']), default: 'leave', when: "../match != 'any'" }),
		leaf('replacement', 'Replacement', 'string', { when: "../behavior = 'replace'", help: 'With a regular expression \\1 to \\9 stand for its groups.' }),
		leaf('on-match', 'After a match', 'enumeration', { enum: choices(['continue', 'Continue with later rules'], ['stop', 'Stop']), default: 'continue' }),
		leaf('target', 'Target', 'enumeration', { enum: choices(['registrations', 'Registered phones'], ['zone', 'A zone']), default: 'registrations' }),
		leaf('target-zone', 'Target zone', 'leafref', { leafref: '/turnpike-zone:zones/zone/name', when: "../target = 'zone'" }),
	]),
], { page: 'rules' });

const media = box('turnpike-media:media', 'Media', [
	leaf('port-first', 'First port', 'uint16', { range: '1024..65534', default: '36002', help: 'Even. First port of the range for RTP and RTCP.' }),
	leaf('port-last', 'Last port', 'uint16', { range: '1024..65535', default: '59999', help: 'Odd.' }),
	leaf('hop-rtp-port', 'RTP port between core and edge', 'uint16', { range: '1024..65534', default: '36000' }),
	leaf('hop-rtcp-port', 'RTCP port between core and edge', 'uint16', { range: '1024..65535', default: '36001' }),
	leaf('sessions-max', 'Most media sessions', 'uint32', { range: '1..10000', default: '1000' }),
	leaf('dscp', 'DSCP', 'uint8', { range: '0..63', default: '46', help: 'Quality-of-service mark of outgoing media packets.' }),
], { page: 'media' });

function place(node, parent, page) {
	node.path = `${parent}/${node.name}`;
	node.name = node.name.replace(/^.*:/, '');
	node.page = node.page ?? page;
	node.help = node.help ?? null;
	for (const child of node.nodes ?? [])
		place(child, node.path, node.page);
	return node;
}

export const nodes = [system, tls, sip, zones, search, media].map((node) => place(node, '', null));
