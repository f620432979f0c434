// The secure traversal test and the serials in use, as an appliance would tell them.

const step = (name, result, text, remedy = '') => ({ step: name, result, text, remedy });

/** An address that begins with "wrong" meets an edge with faults. */
export function traversalTest(role, { address, port, 'verify-name': own, 'edge-name': edge = address }) {
	if (role !== 'core')
		throw Object.assign(new Error('the traversal test is made from the core'), { status: 409, tag: 'in-use' });
	const isWrong = address.startsWith('wrong');
	return {
		result: isWrong ? 'fail' : 'ok',
		'took-ms': 41,
		steps: [
			step('resolve', 'ok', `'${address}' is 192.0.2.10.`),
			step('connect', 'ok', `Connected to 192.0.2.10:${port}.`),
			step('tls', 'ok', 'TLSv1.3 with TLS_AES_256_GCM_SHA384.'),
			step('edge-chain', 'ok', `The edge's certificate is valid and signed by an authority that we trust: CN=${edge}.`),
			step('edge-name', 'ok', `The edge's certificate carries '${edge}'.`),
			step('revocation', 'not-reached', 'Not looked at: no revocation check is switched on for the traversal link.'),
			step('own-name', 'ok', `Our certificate (serial 79096DE3B2CBAFD1B7A71A5F67121FB5) carries '${own}'.`),
			isWrong ? step('acceptance', 'fail', `The edge refuses us: the certificate of the core was refused: name does not match: certificate has DNS:core.example.org, IP:10.20.1.2, wanted core-2.example.org.`, "Set the verify name of the edge's zone to a name that our certificate carries, or get this core a certificate with that name.")
				: step('acceptance', 'ok', 'The edge accepts our certificate; next it would ask for user name and password.'),
			isWrong ? step('clock', 'warn', "The edge's clock is 600 s ahead of ours.", 'Give both appliances a time server (NTP): certificates are judged by the clock.')
				: step('clock', 'ok', 'The two clocks are within 1 s of each other.'),
		],
	};
}

const row = (service, label, side, serial, connections, current) => ({
	service, label, side, serial, current, connections, fingerprint: Array(32).fill(serial.slice(0, 2)).join(':'),
	subject: 'CN=core.example.org', 'not-after': '2027-11-22T00:00:00.000Z', 'oldest-at': connections ? '2026-11-21T18:20:11.000Z' : null,
});

export const serials = (role) => [
	row('web', 'Web interface and API', 'server', '1B07', 2, true),
	row('sip', 'SIP', 'server', '1B07', 4, true),
	row('sip', 'SIP', 'server', '79096DE3B2CBAFD1B7A71A5F67121FB5', 17, false),
	row('traversal', 'Traversal link', role === 'edge' ? 'server' : 'client', '79096DE3B2CBAFD1B7A71A5F67121FB5', 1, false),
];
