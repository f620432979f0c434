// The mock's revocation lists: those of the candidate's distribution points, and an upload.
const day = 86_400_000;
const at = (days) => new Date(Date.now() + days * day).toISOString();
const list = (issuer, days, entries) => ({ issuer, state: days < 0 ? 'expired' : days < 7 ? 'ends-soon' : 'current', 'this-update-at': at(days - 30), 'next-update-at': at(days), entries, indirect: false, delta: false });

export function createRevocation(store) {
	for (const tree of [store.running, store.candidate])
		((tree['turnpike-tls:tls'] ??= {}).revocation ??= {}).crl = { automatic: { enabled: true, url: ['http://crl.example.org/issuing.crl', 'http://crl.example.org/bad.zip'] } };
	let manual = null;
	let updated = at(-0.2);
	const automatic = () => store.running['turnpike-tls:tls']?.revocation?.crl?.automatic ?? {};
	const source = (url, index) => {
		const isBad = url.includes('bad');
		return {
			url,
			state: isBad ? 'failed' : 'ok',
			result: isBad ? 'The server answered 404.' : '1 list in use.',
			at: updated,
			bytes: isBad ? 0 : 48_211,
			entries: isBad ? 0 : 1203,
			'in-use-since-at': isBad ? null : updated,
			lists: isBad ? [] : [list(`CN=Example Issuing CA ${index + 1},O=Example`, index === 0 ? 12 : 3, 1203)],
		};
	};
	return {
		'GET /api/v1/revocation/crls': () => {
			const { enabled, url = [] } = automatic();
			return { automatic: String(enabled) === 'true', updating: false, 'next-at': String(enabled) === 'true' ? at(0.4) : null, sources: String(enabled) === 'true' ? url.map(source) : [], manual };
		},
		'POST /api/v1/revocation/crls/update': () => {
			updated = at(0);
			return { sources: automatic().url?.length ?? 0 };
		},
		'PUT /api/v1/revocation/crls/manual': ({ body }) => {
			if (!/^-----BEGIN X509 CRL-----/m.test(body.pem ?? ''))
				throw Object.assign(new Error('This is not a revocation list in PEM form.'), { status: 400, tag: 'invalid-value' });
			manual = { 'uploaded-at': at(0), bytes: body.pem.length, entries: 4, lists: [list('CN=Private CA', 25, 4)] };
			return { result: '1 list in use.' };
		},
		'POST /api/v1/revocation/test': ({ body }) => {
			if (!/^-----BEGIN CERTIFICATE-----/m.test(body.pem ?? ''))
				throw Object.assign(new Error('no certificate in the PEM text'), { status: 400, tag: 'invalid-value' });
			const reason = 'revoked on 2026-11-20 10:00 UTC, says the OCSP responder';
			return {
				verdict: 'refuse', trusted: true, rule: 1, reason,
				certificates: [{
					subject: 'CN=peer.example.org', verdict: 'refuse', reason,
					sources: [
						{ source: 'automatic-crl', answer: 'not revoked; counts until 2026-12-04 03:00 UTC' },
						{ source: 'manual-crl', answer: 'there is none of its issuer' },
						{ source: 'ocsp', responder: 'http://ocsp.example.org/', answer: 'revoked' },
					],
				}],
			};
		},
		'DELETE /api/v1/revocation/crls/manual': () => {
			manual = null;
			return null;
		},
	};
}
