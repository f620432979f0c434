// The mock's ACME: an order that succeeds, or not for names that hold "bad".
const day = 86_400_000;
const at = (days) => new Date(Date.now() + days * day).toISOString();

export function createAcme(store) {
	for (const tree of [store.running, store.candidate])
		(tree['turnpike-tls:tls'] ??= {}).acme = { enabled: true, contact: 'admin@example.org', name: ['edge.example.org'] };
	const settings = () => store.running['turnpike-tls:tls']?.acme ?? {};
	const isOn = () => String(settings().enabled) === 'true';
	let tried = at(-20);
	return {
		'GET /api/v1/acme': () => {
			const names = settings().name ?? [];
			const isBad = names.some((name) => name.includes('bad'));
			if (!isOn())
				return { state: 'off', 'tried-at': null, result: null, names: null, account: false, 'next-at': null };
			return {
				state: isBad ? 'failed' : 'ok', 'tried-at': tried, names: names.join(' '), account: true, 'next-at': at(isBad ? 0.04 : 40),
				result: isBad
					? `The server says: DNS problem: NXDOMAIN looking up A for ${names[0]} (urn:ietf:params:acme:error:dns)`
					: `A certificate for ${names[0]} is in use. It is good until ${at(70).slice(0, 16).replace('T', ' ')} UTC.`,
			};
		},
		'POST /api/v1/acme/request': () => {
			if (!isOn())
				throw Object.assign(new Error('ACME is off.'), { status: 409, tag: 'operation-failed' });
			tried = at(0);
			return null;
		},
	};
}
