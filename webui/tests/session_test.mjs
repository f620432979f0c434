// Login, its refusals, the end of a session, and the token on every change.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { axeViolations, logIn, openBrowser, openPage, password, settle } from './browser.mjs';

const changed = 'nine wise toads at tea';
let mock;
let address;
let browser;

before(async () => {
	mock = createMock();
	address = await mock.listen();
	browser = await openBrowser();
});
after(async () => {
	await browser.close();
	await mock.close();
});

test('a wrong password is refused in words, and the right one opens the overview', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(address);
	await page.getByLabel('User name').fill('admin');
	await page.locator('#password').fill('wrong');
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.getByText('User name or password is wrong.').waitFor();
	assert.equal(await page.locator('#password').inputValue(), '');
	await logIn(page, address);
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
	await page.close();
});

test('an ended session leads back to the login, with the reason, and on to the same page', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(`${address}/zones`);
	await settle(page);
	await browser.context.clearCookies();
	await page.getByText('Your session has ended').waitFor({ timeout: 8000 });
	await page.getByLabel('User name').fill('admin');
	await page.locator('#password').fill('correct horse battery');
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.getByRole('heading', { name: 'Zones' }).waitFor();
	await page.close();
});

test('every change carries the token of the session', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(`${address}/alarms`);
	await settle(page);
	const bare = [];
	page.on('request', (request) => {
		if (request.method() !== 'GET' && !request.headers()['x-csrf-token'])
			bare.push(request.url());
	});
	const sent = page.waitForRequest((request) => request.method() === 'POST');
	await page.getByRole('button', { name: 'Acknowledge', exact: true }).first().click();
	await sent;
	await page.getByText('by admin').first().waitFor();
	assert.deepEqual(bare, []);
	await page.close();
});

test('the own password is changed, after the present one', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(address);
	await settle(page);
	const submit = page.getByRole('dialog').getByRole('button', { name: 'Change password' });
	await page.getByRole('button', { name: 'Account admin' }).click();
	await page.getByRole('menuitem', { name: 'Change password' }).click();
	await page.locator('#current').fill('not it');
	await page.locator('#new-password').fill(changed);
	await page.locator('#new-password-again').fill(changed);
	assert.deepEqual(await axeViolations(page), []);
	await submit.click();
	await page.getByText('The present password is wrong.').waitFor();
	await page.locator('#current').fill(password);
	await submit.click();
	await page.getByText('The password is changed').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click();
	await page.close();
});

test('a forgotten tab is asked, then logged out, though its pages go on reading', async () => {
	const short = createMock({ idleSeconds: 6 });
	const other = await short.listen();
	await browser.context.clearCookies();
	const { page } = await openPage(browser.context);
	await logIn(page, other);
	await page.getByText('Are you still there?').waitFor();
	await page.getByRole('button', { name: 'Stay logged in' }).click();
	await page.getByText('Are you still there?').waitFor({ state: 'detached' });
	await page.getByText('You were logged out after 6 s without activity.').waitFor();
	await page.close();
	await short.close();
	await browser.context.clearCookies();
	const again = await openPage(browser.context);
	await logIn(again.page, address, 'admin', changed);
	await again.page.close();
});

test('logging out says so', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(address);
	await settle(page);
	await page.getByRole('button', { name: 'Account admin' }).click();
	await page.getByRole('menuitem', { name: 'Log out' }).click();
	await page.getByText('You have logged out.').waitFor();
	await page.close();
});
