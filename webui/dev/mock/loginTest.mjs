// What the sources of the mock's appliance say of a user: local accounts with one password;
// PAM, which knows ann of the group tp-admins and bob of none that counts; LDAP, which knows
// the same and needs a server.
const password = 'correct horse battery';
const groups = { ann: 3, bob: 2 };

const refused = (steps, user = '') => ({ result: 'refused', source: null, user, level: null, web: false, api: false, steps });

function askLocal(list, body) {
	const account = list.find((one) => one.name === body.user);
	const steps = [];
	const say = (step, passed, text) => steps.push({ source: 'local', step, passed, text });
	if (body.password !== undefined)
		say('password', Boolean(account) && body.password === password, account && body.password === password ? 'It is the password.' : 'Wrong user name or password.');
	if (!steps.every((step) => step.passed))
		return refused(steps);
	if (!account || account.disabled) {
		say('account', false, account ? 'The account is disabled.' : 'Wrong user name or password.');
		return refused(steps);
	}
	say('account', true, 'There is a local account.');
	return { result: 'passed', source: 'local', user: account.name, level: account.level, web: account.web, api: account.api, steps };
}

function askPam(body) {
	const steps = [];
	const say = (step, passed, text) => steps.push({ source: 'pam', step, passed, text });
	const known = Object.hasOwn(groups, body.user);
	if (body.password !== undefined)
		say('password', known && body.password === password, known && body.password === password ? 'The modules accept the password.' : 'Authentication failure');
	if (!steps.every((step) => step.passed))
		return refused(steps);
	say('account', known, known ? 'The account may be used now.' : 'User not known to the underlying authentication module');
	if (!known)
		return refused(steps);
	say('level', body.user === 'ann', body.user === 'ann' ? 'Its groups give the level read-write.' : `None of the user's ${groups[body.user]} groups may administer this appliance.`);
	return body.user === 'ann' ? { result: 'passed', source: 'pam', user: 'ann', level: 'read-write', web: true, api: false, steps } : refused(steps, 'bob');
}

function askLdap(body, settings) {
	const steps = [];
	const say = (step, passed, text, remedy = '') => steps.push({ source: 'ldap', step, passed, text, remedy });
	const host = settings?.server?.[0]?.host;
	if (!host) {
		say('question', false, 'No server is named.', 'Name a server on the page Login.');
		return { ...refused(steps), result: 'unavailable' };
	}
	say('resolve', true, `${host} has an address.`);
	say('connect', true, `${host} answers at 192.0.2.40:636.`);
	say('tls', true, `TLSv1.3 with TLS_AES_256_GCM_SHA384; certificate of CN=${host}, trusted, with the name ${host}; the CRLs of all were looked at.`);
	const bound = settings['bind-password'] !== undefined;
	say('service-bind', bound, bound ? `The server lets ${settings['bind-dn']} ask.` : `${host}: bind of the service: Invalid credentials.`, bound ? '' : 'Set the bind DN and its password again.');
	if (!bound)
		return { ...refused(steps), result: 'unavailable' };
	const known = Object.hasOwn(groups, body.user);
	say('search', known, known ? `The user is uid=${body.user},${settings.base}.` : `No entry below ${settings.base} matches (uid=${body.user}).`, known ? '' : 'Look at the search base and the filter.');
	if (known && body.password !== undefined)
		say('user-bind', body.password === password, body.password === password ? `It is the password of uid=${body.user},${settings.base}.` : `${host}: bind of the user: Invalid credentials.`, body.password === password ? '' : 'Try the password again.');
	if (!steps.every((step) => step.passed))
		return refused(steps);
	say('groups', true, `${groups[body.user]} groups, the first is cn=tp-admins,${settings.base}.`);
	say('level', body.user === 'ann', body.user === 'ann' ? 'Its groups give the level read-write.' : "None of the user's groups may administer this appliance.", body.user === 'ann' ? '' : 'Add one of them to the groups of the page Login.');
	return body.user === 'ann' ? { result: 'passed', source: 'ldap', user: 'ann', level: 'read-write', web: true, api: false, steps } : refused(steps, 'bob');
}

export const createLoginTest = (list, store) => ({
	'POST /api/v1/login/test': ({ body }) => {
		if (body.source === 'pam')
			return askPam(body);
		if (body.source === 'ldap')
			return askLdap(body, store[body.datastore ?? 'running']['turnpike-access:access']?.ldap);
		return askLocal(list, body);
	},
});
