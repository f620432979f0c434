// Accounts of administrators: the page, the forced change of a password, and what each
// level of account finds in the navigation and behind every address.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { axeViolations, byNight, logIn, openBrowser, overflow, password, settle, visit } from './browser.mjs';
import { pressEverything } from './hands.mjs';
import { withMocked } from './mocked.mjs';
import { fits, pages, patterns } from './pages.mjs';

const fresh = 'nine wise toads at tea';
let browser;

before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

/** A page as `options` of the mock say. */
const as = (options, body) => withMocked(browser, options, body);

test('an administrator is added, changed and deleted', { timeout: 60_000 }, () => as({}, async ({ mock, address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/administrators`);
	await settle(page);
	const dialog = page.getByRole('dialog');
	const row = (name) => page.getByRole('row', { name: new RegExp(`^${name}`) });
	assert.equal(await page.getByRole('button', { name: 'Delete admin' }).count(), 0, 'no deleting of oneself');

	assert.deepEqual(await axeViolations(page), []);
	await page.getByRole('button', { name: 'Add administrator' }).click();
	await dialog.getByLabel('User name').fill('MINISTRY-IT');
	await dialog.getByLabel('Auditor').check();
	await page.locator('#account-password').fill('short');
	await page.locator('#account-password-again').fill('short');
	await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	await dialog.getByText('There is an account of this name already').waitFor();
	await dialog.getByLabel('User name').fill('inspector');
	await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	await dialog.getByText('at least 12 characters.').waitFor();
	await dialog.getByText('at least six different characters.').waitFor();
	assert.deepEqual(await axeViolations(page), []);
	await page.locator('#account-password').fill(fresh);
	await page.locator('#account-password-again').fill(fresh);
	await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	await row('inspector').getByText('Must change password').waitFor();
	assert.deepEqual(mock.accounts.list.find((one) => one.name === 'inspector').level, 'auditor');

	await page.getByRole('button', { name: 'Edit inspector' }).click();
	await dialog.getByLabel('Disabled').check();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await row('inspector').getByText('Disabled').waitFor();
	await page.getByRole('button', { name: 'Edit admin' }).click();
	await dialog.getByLabel('Read-only').check();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await dialog.getByText('another administrator has to do this').waitFor();
	await dialog.getByRole('button', { name: 'Cancel' }).click();

	await page.getByRole('button', { name: 'Set password of night-desk' }).click();
	await page.locator('#password-for').fill(fresh);
	await page.locator('#password-for-again').fill(fresh);
	assert.deepEqual(await axeViolations(page), []);
	await dialog.getByText('Has to be changed at the next login').click();
	await dialog.getByRole('button', { name: 'Set password' }).click();
	await row('night-desk').getByText('Must change password').waitFor({ state: 'detached' });

	await page.getByRole('button', { name: 'Delete inspector' }).click();
	await dialog.getByRole('button', { name: 'Delete' }).click();
	await row('inspector').waitFor({ state: 'detached' });
	await page.setViewportSize({ width: 320, height: 800 });
	assert.ok(await overflow(page) <= 0, 'too wide at 320 px');
}));

test('the DISA preset fills in the policy', () => as({}, async ({ mock, address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/password-policy`);
	await settle(page);
	assert.deepEqual(await axeViolations(page), []);
	await page.getByRole('button', { name: 'Fill in DISA' }).click();
	await page.waitForFunction(() => document.querySelector('input[id$="minimum-length"]')?.value === '15');
	assert.deepEqual(mock.store.candidate['turnpike-access:access']['password-policy'], {
		'minimum-length': 15, 'minimum-upper': 1, 'minimum-lower': 1, 'minimum-digits': 1, 'minimum-special': 1,
		'minimum-changed': 8, 'maximum-age': 60, 'minimum-age': 24,
	});
	await page.getByRole('button', { name: 'Fill in Seed' }).click();
	await page.waitForFunction(() => document.querySelector('input[id$="minimum-length"]')?.value === '12');
}));

test('a forced change of the password comes before everything', () => as({ mustChange: true }, async ({ address, page }) => {
	await page.goto(`${address}/zones`);
	await page.getByLabel('User name').fill('admin');
	await page.locator('#password').fill(password);
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.getByRole('heading', { name: 'Change your password' }).waitFor();
	await page.getByText('None of the last 5 passwords').waitFor();
	assert.equal(await page.locator('#navigation').count(), 0);
	assert.deepEqual(await axeViolations(page), []);
	const change = async (next) => {
		await page.locator('#current').fill(password);
		await page.locator('#new-password').fill(next);
		await page.locator('#new-password-again').fill(next);
		await page.getByRole('button', { name: 'Change password' }).click();
	};
	await change('short');
	await page.getByText('at least 12 characters.').waitFor();
	await page.setViewportSize({ width: 320, height: 800 });
	assert.ok(await overflow(page) <= 0, 'too wide at 320 px');
	await page.setViewportSize({ width: 1440, height: 900 });
	await change(fresh);
	await page.getByRole('heading', { name: 'Zones' }).waitFor();
}));

/* ------------------------------------------------------------- levels and pages */

/** Who may open which page: said here once more, by hand. All others are for reading. */
const forChanges = ['/zones/new', '/zones/:name/edit', '/rules/new', '/identities/:id/request', '/identities/:id/self-signed', '/identities/:id/upload', '/traversal-test'];
const logs = ['/log', '/log/configuration', '/log/network', '/log/verification', '/log/logins'];
/** What concerns the account alone. */
const own = ['/logins'];

function isOpen(pattern, { level = 'read-write', advanced = false }) {
	if (logs.includes(pattern))
		return !advanced || level === 'auditor';
	if (own.includes(pattern))
		return true;
	if (level === 'auditor')
		return false;
	return level === 'read-write' || !forChanges.includes(pattern);
}

const callers = ['read-write', 'read-only', 'auditor', 'emergency'].flatMap((name) => [false, true].map((advanced) => ({ name, advanced, level: name === 'emergency' ? 'read-write' : name })))
	.filter(({ name, advanced }) => name !== 'emergency' || advanced);

for (const options of callers) {
	const who = `${options.name}${options.advanced ? ' in the advanced mode' : ''}`;
	test(`row_172: pages and navigation of an account: ${who}`, { timeout: 120_000 }, () => as(options, async ({ mock, address, page }) => {
		if (options.name === 'emergency')
			(mock.store.running['turnpike-access:access'] ??= {}).advanced = { enabled: true, 'emergency-account': 'admin', classification: { text: 'EXERCISE', colour: 'green' } };
		const asked = new Set();
		page.on('request', (request) => asked.add(new URL(request.url()).pathname));
		await logIn(page, address);
		for (const pattern of await patterns()) {
			await visit(page, pages.find(({ path }) => fits(pattern, path)).path);
			const closed = await page.getByRole('heading', { name: 'Not for your account' }).count() > 0;
			if (pattern === '/' && options.level === 'auditor')
				assert.equal(new URL(page.url()).pathname, '/log', 'an auditor begins with the log');
			else
				assert.equal(!closed, isOpen(pattern, options), `${pattern} for ${who}`);
		}
		const shown = await page.locator('#navigation a').evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
		assert.deepEqual(shown.filter((path) => !isOpen(path, options)), [], 'the navigation leads nowhere');
		if (options.level === 'auditor')
			assert.ok(shown.length > 0 && shown.every((path) => path.startsWith('/log')), `${shown}`);
		/* What the server would refuse is not even asked for. */
		if (options.level === 'auditor')
			assert.deepEqual([...asked].filter((path) => /^\/(api|restconf)\//.test(path) && !/^\/api\/v1\/(session.*|log.*|audit.*)$/.test(path)), []);
		assert.deepEqual(await axeViolations(page), []);
	}));
}

test('row_172: pages of nobody: each address shows the login alone', { timeout: 120_000 }, () => as({}, async ({ address, page }) => {
	await page.goto(address);
	await page.locator('#password').waitFor();
	for (const pattern of await patterns()) {
		await visit(page, pages.find(({ path }) => fits(pattern, path)).path);
		assert.equal(await page.locator('#password').count(), 1, pattern);
		assert.equal(await page.locator('#navigation').count(), 0, pattern);
	}
}));

/** Who may change by which requests, from the test that walks the server's table of routes. */
async function changingRoutes() {
	const text = await readFile(new URL('../../tests/unit/admin/router_test.c', import.meta.url), 'utf8');
	const methods = { P: 'POST', U: 'PUT', D: 'DELETE' };
	const lines = [...text.matchAll(/^\t\{ ([PUD]), "([^"]+)", (\w+) \},$/gm)];
	assert.ok(lines.length > 30, 'the table of routes reads differently now');
	return lines.map(([, letter, pattern, rule]) => ({
		fits: new RegExp(`^${methods[letter]} ${pattern.replaceAll('.', '\\.').replaceAll('**', '.+').replace(/\/\*(?=\/|$)/g, '/[^/]+')}$`),
		rule,
	}));
}

for (const level of ['read-only', 'auditor']) {
	test(`row_172: nothing that this account can press changes anything: ${level}`, { timeout: 300_000, skip: level === 'auditor' && byNight }, () => as({ level }, async ({ mock, address, page }) => {
		const routes = await changingRoutes();
		const isRefused = (request) => !['ANYONE', 'OWN', 'PASSWORD', ...(level === 'auditor' ? [] : ['READ'])].includes(routes.find(({ fits: known }) => known.test(request))?.rule);
		page.on('dialog', (dialog) => dialog.accept());
		page.on('filechooser', () => undefined);
		mock.store.candidate['turnpike-system:system'].web = { port: 8443 };
		await logIn(page, address);
		mock.frozen = true;
		for (const pattern of (await patterns()).filter((one) => one !== '/' && isOpen(one, { level }))) {
			const { path } = pages.find((one) => fits(pattern, one.path));
			mock.tried.length = 0;
			await pressEverything(page, path, { deep: true });
			assert.deepEqual(mock.tried.filter(isRefused), [], path);
		}
	}));
}

test('a read-only account sees settings, and cannot type into them', () => as({ level: 'read-only' }, async ({ address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/system`);
	await settle(page);
	assert.equal(await page.getByRole('button', { name: 'Save to the candidate' }).count(), 0);
	assert.ok(await page.getByLabel('Host name').evaluate((field) => field.readOnly));
	await page.goto(`${address}/rules/old-branch`);
	await page.getByRole('heading', { name: 'old-branch', level: 1 }).waitFor();
}));

test('an auditor begins with the event log', () => as({ level: 'auditor' }, async ({ address, page }) => {
	await logIn(page, address);
	await page.getByRole('heading', { name: 'Logs' }).waitFor();
	assert.equal(await page.getByRole('button', { name: /^Alarms/ }).count(), 0);
}));
