// API tokens as the mock keeps them.
const fault = (status, tag, message) => Object.assign(new Error(message), { status, tag });
const day = 86_400_000;
const at = (days) => new Date(Date.now() + days * day).toISOString();

export function createTokens() {
	const list = [
		{ id: '1', name: 'backup', account: 'admin', scope: 'read', 'created-at': at(-20), 'expires-at': at(70), expired: false, 'last-used-at': at(-0.1), 'last-used-source': '10.20.4.7' },
		{ id: '2', name: 'provisioning', account: 'ministry-it', scope: 'write', 'created-at': at(-100), 'expires-at': at(-10), expired: true, 'last-used-at': null, 'last-used-source': '' },
	];
	return {
		list,
		routes: {
			'GET /api/v1/tokens': () => ({ tokens: list, most: 20, 'most-days': 366 }),
			'POST /api/v1/tokens': ({ body }) => {
				if (!/^[\w.-]{1,32}$/.test(body.name))
					throw fault(400, 'invalid-value', 'A name has 1 to 32 letters, digits and . - _ only.');
				const token = { id: String(list.length + 1), name: body.name, account: 'admin', scope: body.scope, 'created-at': at(0), 'expires-at': at(body['expires-in-days']), expired: false, 'last-used-at': null, 'last-used-source': '' };
				list.push(token);
				return { ...token, token: `tp_${'5'.repeat(64)}` };
			},
		},
		delete(id) {
			const place = list.findIndex((one) => one.id === id);
			if (place < 0)
				throw fault(404, 'invalid-value', 'There is no such token.');
			list.splice(place, 1);
		},
	};
}
