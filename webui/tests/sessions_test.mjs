// Sessions and their end, the history of logins, the notice before the login, and what is told after it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, logIn, openBrowser, overflow, password, settle } from './browser.mjs';
import { withMocked } from './mocked.mjs';

let browser;

before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

/** A page as `options` of the mock say. */
const as = (options, body, look) => withMocked(browser, options, body, look);

test('sessions are listed, this one marked, and one or all of a user ended', { timeout: 60_000 }, () => as({}, async ({ mock, address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/sessions`);
	await settle(page);
	const dialog = page.getByRole('dialog');
	await page.getByText('This session').waitFor();
	await page.getByText('One account may have 10 sessions; one more login ends the one that was quiet for longest.').waitFor();
	assert.equal(await page.getByRole('button', { name: 'End the session of admin' }).count(), 0, 'no ending of oneself');
	await page.getByRole('button', { name: 'End the session of provisioning from 10.20.4.7' }).press('Enter');
	assert.deepEqual(await axeViolations(page), []);
	await dialog.getByRole('button', { name: 'End session' }).click();
	await page.getByRole('row', { name: /^provisioning/ }).waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'End all sessions of ministry-it' }).first().click();
	await dialog.getByRole('button', { name: 'End all' }).click();
	await page.getByRole('row', { name: /^ministry-it/ }).first().waitFor({ state: 'detached' });
	assert.deepEqual(mock.sessions.list.map((one) => one.id), ['a1']);
	await page.getByRole('button', { name: 'Fill in DISA' }).click();
	await page.getByText('Review changes').waitFor();
	assert.equal(Number(mock.store.candidate['turnpike-access:access'].session['per-account']), 1);
	assert.equal(Number(mock.store.candidate['turnpike-system:system'].web['session-absolute']), 480);
}));

test('who may only read ends no session', () => as({ level: 'read-only' }, async ({ address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/sessions`);
	await settle(page);
	await page.getByText('This session').waitFor();
	assert.equal(await page.getByRole('button', { name: /^End/ }).count(), 0);
	assert.equal(await page.getByRole('button', { name: 'Fill in DISA' }).count(), 0);
}));

test('row_170: the history says how each login ended, and is filtered', () => as({ level: 'auditor' }, async ({ address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/log/logins`);
	await settle(page);
	for (const words of ['Ended by an administrator', 'Gone, no logout', 'Unknown name', 'This appliance'])
		await page.getByText(words).first().waitFor();
	await page.getByLabel('Result').selectOption('unsuccessful');
	await page.getByText('Ended by an administrator').waitFor({ state: 'detached' });
	await page.getByText('Refused: Wrong user name or password').first().waitFor();
	assert.deepEqual(await axeViolations(page), []);
}));

test('rows 145 and 169: after the login, the one before and the failures since are told', () => as({ past: true }, async ({ address, page }) => {
	await logIn(page, address);
	await page.getByText(/^(Warning alert:)?Last login .* from 10\.20\.9\.14 \(password\)\./).first().waitFor();
	await page.getByText(/2 logins failed since, the last at .* from 10\.20\.9\.99\./).waitFor();
	assert.deepEqual(await axeViolations(page), []);
	await page.getByRole('link', { name: 'Your logins' }).click();
	await page.getByRole('heading', { name: 'Your logins' }).waitFor();
	await page.getByRole('button', { name: /^Close/ }).first().click();
	await page.getByText(/^Last login/).waitFor({ state: 'detached' });
	await page.reload();
	await settle(page);
	assert.equal(await page.getByText(/Last login/).count(), 0);
}));

test('the notice stands alone before the login, and is accepted by the keyboard', () => as({ consent: { title: 'Authorised use only', text: 'First line.\nSecond line.', 'must-acknowledge': true } }, async ({ address, page }) => {
	await page.goto(address);
	await page.getByRole('heading', { name: 'Authorised use only' }).waitFor();
	assert.equal(await page.getByLabel('User name').count(), 0);
	assert.deepEqual(await axeViolations(page), []);
	assert.ok(await overflow(page) <= 0);
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await page.getByLabel('User name').fill('admin');
	await page.locator('#password').fill(password);
	await page.locator('#password').press('Enter');
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, { theme: 'dark', width: 320, height: 640 }));

test('the notice is a text of several lines, and the preset fills it in', () => as({}, async ({ mock, address, page }) => {
	await logIn(page, address);
	await page.goto(`${address}/consent`);
	await settle(page);
	await page.getByRole('button', { name: 'Fill in DISA' }).click();
	await page.getByText('Review changes').waitFor();
	assert.match(await page.locator('textarea').inputValue(), /USG-authorized use only\.\n\nBy using/);
	const { consent } = mock.store.candidate['turnpike-access:access'];
	assert.deepEqual([consent.enabled, consent['must-acknowledge'] ?? true], [true, true]);
	assert.match(consent.text, /User Agreement for details\.$/);
}));
