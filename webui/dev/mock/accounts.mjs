// Accounts of administrators as the mock keeps them.
const fault = (status, tag, message, path) => Object.assign(new Error(message), { status, tag, path });

const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

const seed = (name, rest = {}) => ({
	name, level: 'read-write', web: true, api: false, disabled: false, 'disabled-unused': false, 'must-change-password': false,
	'created-at': ago(120), 'password-changed-at': ago(40), 'last-login-at': ago(1), 'last-login-source': '10.20.9.14', failures: 0, ...rest,
});

const isAble = (account) => account.level === 'read-write' && account.web && !account.disabled;

/** `level` is that of admin, who logs in. */
export function createAccounts(level) {
	const list = [
		seed('admin', { level, api: true }),
		seed('ministry-it', { 'last-login-at': ago(3), 'last-login-source': '10.20.9.61' }),
		seed('night-desk', { level: 'read-only', 'must-change-password': true, 'last-login-at': null, 'last-login-source': '' }),
		seed('provisioning', { web: false, api: true, 'last-login-source': '10.20.4.7' }),
		seed('revision', { level: 'auditor', 'last-login-at': ago(12) }),
		seed('summer-intern', { level: 'read-only', disabled: true, 'disabled-unused': true, 'last-login-at': ago(71) }),
	];
	const find = (name) => {
		const account = list.find((one) => one.name === name);
		if (!account)
			throw fault(404, 'invalid-value', 'There is no account of this name.');
		return account;
	};
	const guard = (name, after) => {
		if (name === 'admin' && !(after && isAble(after)))
			throw fault(409, 'in-use', 'You are logged in with this account: another administrator has to do this.');
		if (!list.some((one) => one.name !== name && isAble(one)) && !(after && isAble(after)))
			throw fault(409, 'in-use', 'This is the last account that can administer in the browser: make another one first.');
	};
	const check = (password) => {
		const errors = [];
		if ((password ?? '').length < 12)
			errors.push({ path: '/password', message: 'The password needs at least 12 characters.' });
		if (new Set(password).size < 6)
			errors.push({ path: '/password', message: 'The password needs at least six different characters.' });
		if (errors.length)
			throw Object.assign(fault(400, 'invalid-value', errors[0].message), { errors });
	};
	const shown = () => {
		const able = list.filter(isAble);
		return list.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((one) => ({ ...one, 'last-administrator': able.length === 1 && able[0] === one }));
	};

	return {
		list,
		check,
		routes: {
			'GET /api/v1/accounts': () => ({ accounts: shown() }),
			'POST /api/v1/accounts': ({ body, reply }) => {
				if (list.some((one) => one.name.toLowerCase() === body.name.toLowerCase()))
					throw fault(409, 'data-exists', 'There is an account of this name already; upper and lower case count as the same.', '/name');
				check(body.password);
				const { password, ...rest } = body;
				const made = seed(body.name, { ...rest, 'created-at': new Date().toISOString(), 'last-login-at': null, 'last-login-source': '' });
				list.push(made);
				reply.status = 201;
				return made;
			},
			'GET /api/v1/password-rules': () => ({
				'minimum-length': 12,
				own: ['At least 12 characters, six of them different', 'None of the last 5 passwords', 'No well-known word, no sequence, not the user name'],
				given: ['At least 12 characters, six of them different', 'None of the last 5 passwords', 'No well-known word, no sequence, not the user name'],
			}),
		},
		/** Paths with a name in them; undefined: none of these. */
		answer(method, path, { body }) {
			const match = /^\/api\/v1\/accounts\/([^/]+)(\/password)?$/.exec(path);
			if (!match)
				return undefined;
			const account = find(decodeURIComponent(match[1]));
			if (match[2] && method === 'PUT') {
				check(body.password);
				account['must-change-password'] = body['must-change'] ?? true;
			} else if (method === 'PUT') {
				const after = { ...account, ...body };
				guard(account.name, after);
				Object.assign(account, after, { 'disabled-unused': false });
			} else if (method === 'DELETE') {
				guard(account.name, null);
				list.splice(list.indexOf(account), 1);
			} else {
				return undefined;
			}
			return { data: undefined };
		},
	};
}
