// What the sources of the mock's appliance say of a user: local accounts with one password,
// and PAM, which knows ANN of the group tp-admins, and BOB of none that counts.
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

export const createLoginTest = (list) => ({
	'POST /api/v1/login/test': ({ body }) => (body.source === 'pam' ? askPam(body) : askLocal(list, body)),
});
