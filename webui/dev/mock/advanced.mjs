// Advanced account security and the presets, as the mock's appliance has them.
import { readFileSync } from 'node:fs';
import { nodes } from './model.mjs';

const fault = (status, message) => Object.assign(new Error(message), { status, tag: 'operation-failed' });
const root = new URL('../../../', import.meta.url);

/* ------------------------------------------------------------------------ presets */

/** The table itself, so that the pages show what the appliance does. */
function readTable() {
	const source = readFileSync(new URL('server/admin/advanced/presets.def', root), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
	const prefixes = Object.fromEntries([...source.matchAll(/#define (\w+) "([^"]*)"/g)].map(([, name, text]) => [name, text]));
	const full = (text) => text.replace(/(\w+) "/, (_all, name) => `"${prefixes[name]}`).replaceAll('"', '');
	const services = [...readFileSync(new URL('server/tls/services.def', root), 'utf8').matchAll(/^TP_TLS_SERVICE\(\w+, "([\w-]+)"/gm)].map(([, name]) => name);
	return [
		...[...source.matchAll(/^TP_PRESET\(([^,]+), "([^"]*)", "([^"]*)", (\w+), "([^"]*)"\)/gm)].map(([, path, seed, disa, order, rules]) => ({ path: full(path), seed, disa, order, rules, needs: null })),
		...[...source.matchAll(/^TP_PRESET_OWN\(([^,]+), "([^"]*)", "([^"]*)"\)/gm)].map(([, path, rules, needs]) => ({ path: full(path), seed: null, disa: null, order: 'EXACT', rules, needs })),
		...services.flatMap((name) => [
			{ path: `turnpike-tls:tls/service/${name}/preset`, seed: 'compatible', disa: 'disa', order: 'EXACT', rules: 'V-260039 V-206440', needs: null },
			{ path: `turnpike-tls:tls/service/${name}/minimum-version`, seed: '1.2', disa: '1.2', order: 'LEAST', rules: 'V-259995 V-260046 V-206434', needs: null },
		]),
	];
}

function judge({ order }, wanted, present) {
	if (present === null || wanted === null || present === wanted)
		return present === null ? 'deviates' : 'same';
	const [is, limit] = [Number(present), Number(wanted)];
	const stricter = { EXACT: false, LEAST: is > limit, MOST: is < limit, MOST_NOT_ZERO: is > 0 && (is < limit || limit <= 0), LEAST_OR_ZERO: is <= 0 || (is > limit && limit > 0) }[order];
	return stricter ? 'stricter' : 'deviates';
}

const way = (path) => path.split('/');

/** The node at a path, and the labels on the way. */
function lookUp(path) {
	const labels = [];
	let list = nodes;
	let found = null;
	for (const name of way(path)) {
		found = list.find((node) => node.name === name || node.path === `/${name}`);
		labels.push(found?.label ?? name);
		list = found?.nodes ?? [];
	}
	return { node: found, label: labels.join(' › ') };
}

function valueAt(tree, path) {
	const at = way(path).reduce((value, name) => value?.[name], tree);
	if (Array.isArray(at))
		return at.length > 0 ? String(at.length) : null;
	const value = at ?? lookUp(path).node?.default ?? null;
	return value === null ? null : String(value);
}

function setAt(tree, path, text) {
	const names = way(path);
	const parent = names.slice(0, -1).reduce((value, name) => (value[name] ??= {}), tree);
	parent[names.at(-1)] = /^\d+$/.test(text) ? Number(text) : text === 'true' || text === 'false' ? text === 'true' : text;
}

/** What the model would refuse: the same words as db/yang has. */
const refusals = [
	['turnpike-access:access/consent/enabled', 'true', (tree) => tree['turnpike-access:access']?.consent?.text, 'Write the text of the notice first.'],
	['turnpike-access:access/login/source', 'remote', (tree) => tree['turnpike-access:access']?.ldap?.enabled, 'Without a remote source nobody could log in: turn PAM or LDAP on first.'],
	['turnpike-tls:tls/revocation/crl/automatic/enabled', 'true', (tree) => tree['turnpike-tls:tls']?.revocation?.crl?.automatic?.url, 'Automatic updates need at least one distribution point.'],
];

function presetRoutes(store) {
	const table = readTable();
	const row = (setting) => {
		const running = valueAt(store.running, setting.path);
		const verdicts = ['seed', 'disa'].map((name) => [name, judge(setting, setting[name], running)]);
		return {
			path: `/${setting.path}`, label: lookUp(setting.path).label, running, candidate: valueAt(store.candidate, setting.path), seed: setting.seed, disa: setting.disa,
			deviates: verdicts.filter(([, verdict]) => verdict === 'deviates').map(([name]) => name), stricter: verdicts.filter(([, verdict]) => verdict === 'stricter').map(([name]) => name),
			rules: setting.rules.split(' ').filter(Boolean), needs: setting.needs,
		};
	};
	return {
		'GET /api/v1/presets': () => ({ settings: table.map(row) }),
		'POST /api/v1/presets': ({ body }) => {
			const answer = { changed: [], refused: [] };
			for (const setting of table) {
				const value = setting[body.preset];
				const verdict = judge(setting, value, valueAt(store.candidate, setting.path));
				if (value === null || (body.paths ? verdict === 'same' || !body.paths.includes(`/${setting.path}`) : verdict !== 'deviates'))
					continue;
				const refusal = refusals.find(([path, word, holds]) => path === setting.path && word === value && !holds(store.candidate));
				if (refusal) {
					answer.refused.push({ path: `/${setting.path}`, label: lookUp(setting.path).label, value, text: refusal[3] });
					continue;
				}
				setAt(store.candidate, setting.path, value);
				answer.changed.push(`/${setting.path}`);
			}
			store.etag++;
			return answer;
		},
	};
}

/* --------------------------------------------------------------------------- mode */

export function createAdvanced(store, accounts) {
	const lockout = { blocked: false, until_ms: null, failures: 0 };
	const mode = { left: null, lockout };
	const settings = (tree) => tree['turnpike-access:access']?.advanced ?? {};
	const isOn = () => settings(store.running).enabled === true;
	const prerequisites = () => {
		const access = store.candidate['turnpike-access:access'] ?? {};
		const wanted = settings(store.candidate);
		const account = accounts.find((one) => one.name === wanted['emergency-account']);
		const rule = (id, passed, text, remedy) => ({ id, passed: Boolean(passed), text, remedy: passed ? null : remedy });
		return [
			rule('remote-source', access.login?.source === 'remote', 'Remote users alone log in.', 'Turn PAM or LDAP on, try it, and set the source to Remote only, all on the page Login.'),
			rule('remote-administrators', access.group?.some((one) => one.level === 'read-write'), 'A group of remote users may administer by the web interface.', 'Add a group with the level read-write and access to the web interface on the page Login.'),
			rule('classification', wanted.classification?.text, 'The classification banner has a text.', 'Write it.'),
			rule('emergency-named', wanted['emergency-account'], 'An emergency account is named.', 'Choose one.'),
			rule('emergency-exists', account, 'The emergency account is a local account of this appliance.', 'Make it on the page Administrators.'),
			rule('emergency-own', account && account.name !== 'admin', 'The emergency account is neither called admin nor the first account of this appliance.', 'Choose another one, or make one on the page Administrators.'),
			rule('emergency-rights', account?.level === 'read-write' && account.web && !account.disabled, 'The emergency account is enabled, with the level read-write and access to the web interface.', 'Change it on the page Administrators.'),
			rule('emergency-password', account && !account['must-change-password'], 'The owner of the emergency account has chosen its password.', 'Log in with it once and change the password.'),
		];
	};
	const recommendations = () => [
		{ id: 'session-time-out', met: true, text: 'Sessions end when nobody uses them.', remedy: 'Set the idle time-out on the page System.', path: '/turnpike-system:system/web/session-idle', service: null },
		{ id: 'client-certificates', met: (valueAt(store.running, 'turnpike-access:access/certificate-login/level') ?? 'not-required') !== 'not-required', text: 'Browsers show a certificate that is checked.', remedy: 'Go through the guide on the page Certificate login.', path: '/turnpike-access:access/certificate-login/level', service: 'Web interface and API' },
	];
	return Object.assign(mode, {
		isOn,
		isEmergency: (user) => isOn() && user === settings(store.running)['emergency-account'],
		banner: () => {
			const { classification } = settings(store.running);
			return isOn() ? { text: classification?.text ?? '', colour: classification?.colour ?? 'green' } : null;
		},
		routes: {
			...presetRoutes(store),
			'GET /api/v1/advanced': () => ({ enabled: isOn(), 'emergency-account': settings(store.running)['emergency-account'] ?? null, prerequisites: prerequisites(), recommendations: recommendations(), lockout }),
			'POST /api/v1/advanced/release-lockout': () => { Object.assign(lockout, { blocked: false, until_ms: null, failures: 0 }); },
			'POST /api/v1/advanced/leave': ({ body }) => {
				if (!isOn())
					throw fault(409, 'The appliance is not in the mode.');
				mode.left = body.hostname;
			},
		},
	});
}
