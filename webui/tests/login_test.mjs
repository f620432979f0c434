// The page Login: sources, groups, and the test of one user.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, overflow, password, settle } from './browser.mjs';
import { openMocked } from './mocked.mjs';

let mock;
let address;
let page;
let complaints;
let close;

before(async () => {
	({ mock, address, page, complaints, close } = await openMocked());
});
after(() => close());

const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());

async function visit(path) {
	await page.goto(address + path);
	await settle(page);
}

async function tryUser(user, secret, source) {
	await page.getByLabel('User name').fill(user);
	await page.locator('#test-password').fill(secret);
	await page.getByLabel('Source to ask').selectOption({ label: source });
	await page.getByRole('button', { name: 'Test', exact: true }).click();
	await page.getByRole('list', { name: 'Steps of the login' }).waitFor();
	return page.getByRole('list', { name: 'Steps of the login' }).getByRole('listitem').allInnerTexts();
}

test('the settings of logins stand on one page, each once, and say what can lock out', async () => {
	await visit('/login');
	const titles = await page.getByRole('heading', { level: 2 }).allInnerTexts();
	for (const title of ['Where passwords are checked', 'PAM', 'Groups'])
		assert.equal(titles.filter((text) => text.startsWith(title) && text.includes('Can lock you out')).length, 1, `${title} in ${titles}`);
	assert.ok(!titles.some((text) => /Password policy|Unused accounts/.test(text)), `${titles}`);
	await accessible();
	await visit('/password-policy');
	const others = await page.getByRole('heading', { level: 2 }).allInnerTexts();
	assert.ok(others.some((text) => text.startsWith('Unused accounts')));
	assert.ok(!others.some((text) => /PAM|LDAP|Groups|Where passwords/.test(text)), `${others}`);
});

test('PAM, a group and the source go into the candidate', async () => {
	await visit('/login');
	await page.getByLabel('Ask PAM').press('Space');
	await page.getByLabel('Source', { exact: true }).selectOption({ label: 'Both' });
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	const access = () => mock.store.candidate['turnpike-access:access'];
	assert.deepEqual([String(access().pam.enabled), access().login.source], ['true', 'both']);
	const groups = page.locator('.pf-v6-c-card', { has: page.getByRole('heading', { name: /^Groups/ }) });
	await groups.getByRole('button', { name: 'Add' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByRole('textbox', { name: 'Group' }).fill('tp-admins');
	await dialog.getByRole('combobox', { name: 'Level' }).selectOption({ label: 'Read-write' });
	await accessible();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await groups.getByRole('row', { name: /tp-admins Read-write/ }).waitFor();
	assert.equal(access().group[0].level, 'read-write');
	await visit('/changes');
	assert.ok(await page.locator('a[href="/login"]').count() > 0, 'a change of it leads back to the page');
});

test('LDAP goes into the candidate, and is tested there before it is committed', async () => {
	await visit('/login');
	const card = page.locator('.pf-v6-c-card', { has: page.getByRole('heading', { name: /^LDAP/ }) });
	const refused = await tryUser('ann', password, 'LDAP');
	assert.match(refused[0], /LDAP: question\s+Failed\s+No server is named.\s+What to do: Name a server/);
	await card.getByLabel('Search base').fill('dc=pike,dc=test');
	await card.getByLabel('Bind DN').fill('cn=turnpike,dc=pike,dc=test');
	await card.getByLabel('Bind password', { exact: true }).fill('the service password');
	await card.getByLabel('CRL check').selectOption({ label: 'All' });
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	const servers = page.locator('.pf-v6-c-card', { has: page.getByRole('heading', { name: /^Servers/ }) });
	await servers.getByRole('button', { name: 'Add' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByRole('textbox', { name: 'Server' }).fill('ldap.pike.test');
	await accessible();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await servers.getByRole('row', { name: /ldap.pike.test/ }).waitFor();
	assert.equal(mock.store.candidate['turnpike-access:access'].ldap.server[0].host, 'ldap.pike.test');
	assert.match((await tryUser('ann', password, 'LDAP'))[0], /No server is named/);
	await page.getByLabel('Settings', { exact: true }).selectOption({ label: 'Those of the candidate' });
	const steps = await tryUser('ann', password, 'LDAP');
	await page.getByText('This user may come in').waitFor();
	assert.deepEqual(steps.map((text) => text.match(/LDAP: (\S+)/)[1]), ['resolve', 'connect', 'tls', 'service-bind', 'search', 'user-bind', 'groups', 'level']);
	assert.equal(await page.evaluate(() => document.documentElement.outerHTML.includes('the service password')), false);
	await accessible();
});

test('a user is tested by the keyboard: the step that fails is named, and the password is gone', async () => {
	await visit('/login');
	const refused = await tryUser('bob', password, 'PAM');
	await page.getByText('This user would be refused').waitFor();
	assert.match(refused.at(-1), /PAM: level\s+Failed/);
	assert.match(refused.at(-1), /None of the user's 2 groups/);
	assert.equal(await page.locator('#test-password').inputValue(), '');
	assert.equal(await page.evaluate((secret) => document.documentElement.outerHTML.includes(secret), password), false);
	await accessible();
	await page.getByLabel('User name').fill('ann');
	await page.getByLabel('User name').press('Enter');
	await page.getByText('This user may come in').waitFor();
	assert.equal(await page.getByText('Web interface', { exact: true }).count() > 0, true);
	assert.match((await tryUser('ann', 'wrong', 'As the settings say'))[0], /Local accounts: password\s+Failed/);
	await page.setViewportSize({ width: 320, height: 800 });
	assert.ok(await overflow(page) <= 0, 'too wide at 320 px');
	await page.setViewportSize({ width: 1440, height: 900 });
	assert.deepEqual(complaints, []);
});
