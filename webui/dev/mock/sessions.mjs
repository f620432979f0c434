// Sessions and logins as the mock keeps them.
const fault = (status, tag, message) => Object.assign(new Error(message), { status, tag });
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const open = (id, user, rest = {}) => ({
	id, user, level: 'read-write', access: 'web', method: 'password', source: '10.20.9.14', 'since-at': ago(45), 'used-at': ago(0), 'idle-s': 3, own: false, ...rest,
});

const login = (id, user, minutes, rest = {}) => ({
	id, user, protocol: 'https', method: 'password', source: '10.20.9.14', 'started-at': ago(minutes), 'ended-at': null, 'duration-s': null, end: 'open', failure: null, ...rest,
});

const ended = (end, minutes, seconds) => ({ end, 'ended-at': ago(minutes), 'duration-s': seconds });

export function createSessions() {
	const list = [
		open('a1', 'admin', { own: true }),
		open('b2', 'ministry-it', { source: '2001:db8:20:9::61', method: 'certificate', 'since-at': ago(190), 'idle-s': 760 }),
		open('b3', 'ministry-it', { source: '10.20.9.61', 'since-at': ago(300), 'idle-s': 1490 }),
		open('c4', 'provisioning', { access: 'api', source: '10.20.4.7', 'since-at': ago(600), 'idle-s': 41 }),
	];
	const logins = [
		login(12, 'admin', 45),
		login(11, 'admin', 50, { end: null, failure: 'wrong-password-or-name', source: '10.20.9.99' }),
		login(10, null, 52, { end: null, failure: 'wrong-password-or-name', source: '10.20.9.99' }),
		login(9, 'root', 120, { protocol: 'shell', method: 'root', source: 'socket', ...ended('idle', 100, 1200) }),
		login(8, 'ministry-it', 190, { method: 'certificate', source: '2001:db8:20:9::61' }),
		login(7, 'ministry-it', 900, { ...ended('revoked', 880, 1200) }),
		login(6, 'provisioning', 2000, { protocol: 'api', source: '10.20.4.7', end: 'no-logout' }),
		login(5, 'admin', 3000, { ...ended('logout', 2900, 6000) }),
	];
	const limits = { 'idle-s': 1800, 'absolute-s': 43_200, all: 50, 'per-account': 10, 'when-full': 'end-quietest' };
	const page = (found, q) => {
		const result = q.get('result') ?? 'all';
		const text = (q.get('filter') ?? '').toLowerCase();
		const rows = found.filter((row) => (result === 'all' || (result === 'successful') === !row.failure) && `${row.user} ${row.source}`.toLowerCase().includes(text));
		const offset = Number(q.get('offset') ?? 0);
		return { total: rows.length, logins: rows.slice(offset, offset + Number(q.get('limit') ?? 50)) };
	};
	return {
		list,
		routes: {
			'GET /api/v1/sessions': () => ({ sessions: list, limits }),
			'DELETE /api/v1/sessions': ({ q }) => {
				const doomed = list.filter((one) => one.user === q.get('user') && !one.own);
				for (const one of doomed)
					list.splice(list.indexOf(one), 1);
				return { ended: doomed.length };
			},
			'GET /api/v1/logins': ({ q }) => page(logins, q),
			'GET /api/v1/logins/own': ({ q }) => page(logins.filter((row) => row.user === 'admin'), q),
		},
		end(id) {
			const at = list.findIndex((one) => one.id === id);
			if (at < 0)
				throw fault(404, 'data-missing', 'There is no such session any more.');
			list.splice(at, 1);
		},
	};
}
