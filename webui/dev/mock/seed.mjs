// Configuration of the mock pair: one half, as the wizard and a day of work leave it.
import { defaultTrust } from './certificates.mjs';

const pem = (text) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(text.repeat(9)).toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

export function configuration(role) {
	const peer = role === 'core'
		? { name: 'edge', type: 'traversal-client', peer: [{ address: '192.0.2.10', port: 7001 }], 'verify-name': 'edge.example.org' }
		: { name: 'core', type: 'traversal-server', 'listen-port': 7001, 'verify-name': 'core.example.org' };
	return {
		'turnpike-system:system': {
			'host-name': `${role}.example.org`, role,
			network: [{ name: 'lan', address: role === 'core' ? '10.20.1.2' : '192.0.2.10' }],
		},
		'turnpike-tls:tls': {
			identity: { certificate: pem(`${role} leaf`), 'private-key': 'sealed' },
			'trusted-ca': [{ name: `${peer.name}-ca`, certificate: pem(`${peer.name} ca`) }, { name: 'ISRG Root X1', certificate: defaultTrust[0], use: ['sip'] }],
		},
		'turnpike-sip:sip': {
			tcp: { enabled: true },
			registrar: { domain: ['example.org'], account: [{ name: 'alice', password: 'sealed' }, { name: 'bob', password: 'sealed', 'media-encryption': 'force-encrypted' }] },
		},
		'turnpike-zone:zones': {
			zone: [
				{ ...peer, user: 'core', password: 'sealed' },
				{ name: 'pbx', type: 'neighbor', peer: [{ address: '10.20.1.5', port: 5061 }] },
				{ name: 'branch-pbx', type: 'neighbor', transport: 'tcp', peer: [{ address: '10.20.4.15', port: 5060 }] },
				{ name: 'lab', type: 'neighbor', enabled: false, peer: [{ address: '10.20.7.2' }] },
			],
		},
		'turnpike-search:search': {
			rule: [
				{ name: 'local-phones', priority: 50, target: 'registrations', 'on-match': 'stop' },
				{ name: 'to-carrier', priority: 100, match: 'prefix', pattern: '+', target: 'zone', 'target-zone': peer.name },
				{ name: 'inbound', priority: 110, source: 'zone', 'source-zone': peer.name, match: 'suffix', pattern: '@example.org', target: 'zone', 'target-zone': 'pbx' },
				{ name: 'old-branch', enabled: false, priority: 300, match: 'regex', pattern: '^7(\\d{3})@', behavior: 'replace', replacement: '\\1@', target: 'zone', 'target-zone': 'branch-pbx' },
			],
		},
		'turnpike-media:media': {},
	};
}

export const identity = (role) => ({
	certificate: pem(`${role} leaf`), ca: pem(`${role} ca`),
	'ca-fingerprint': 'SHA-256 AB:CD:10:7F:44:E9:02:6B:91:DC:3E:58:77:A0:1C:F4:28:63:BE:95:0D:72:E6:1A:C8:39:54:8F:B1:07:6E:D2',
	'certificate-fingerprint': 'SHA-256 5E:22:9C:03:F7:81:46:DA:B0:6D:18:C5:33:EF:70:9A:04:5B:C7:2F:88:E1:6A:90:3C:DD:57:1E:A9:42:FB:06',
	subject: `CN=${role}.example.org`, names: [`${role}.example.org`, '10.20.1.2'],
	'not-after': new Date(Date.now() + 79 * 86_400_000).toISOString(), 'key-type': 'EC P-256',
	trusted: [{ name: role === 'core' ? 'edge-ca' : 'core-ca', subject: `CN=Turnpike temporary CA of ${role === 'core' ? 'edge' : 'core'}.example.org`, fingerprint: 'SHA-256 77:1B:E0:95:42:0C:AF:38:D6:51:8E:F9:23:6A:B4:07:CD:90:1F:E5:3B:64:8A:DC:52:19:F6:A3:0E:7D:C8:41', 'not-after': new Date(Date.now() + 3500 * 86_400_000).toISOString() }],
});
