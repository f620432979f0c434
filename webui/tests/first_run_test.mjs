// The wizard: a whole first run of a core, a half that was set up through the API,
// and what happens with wrong answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { identity } from '../dev/mock/seed.mjs';
import { axeViolations, openBrowser, openPage, overflow } from './browser.mjs';

let browser;

before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

const strong = 'nine wise toads at tea';

async function unlockAndSetPassword(page, secret) {
	await page.getByLabel('First-login secret').fill(secret);
	await page.getByRole('button', { name: 'Next' }).click();
	await page.locator('#password').fill(strong);
	await page.locator('#again').fill(strong);
}

test('the wizard sets up a core', { timeout: 60_000 }, async () => {
	const mock = createMock({ scenario: 'setup', role: 'core' });
	const address = await mock.listen();
	await browser.context.clearCookies();
	const { page, complaints } = await openPage(browser.context);
	const clean = async (step) => assert.deepEqual(await axeViolations(page), [], step);
	const next = () => page.getByRole('button', { name: 'Next' }).click();
	await page.goto(address);

	await page.getByLabel('First-login secret').fill('wrong');
	await next();
	await page.getByText('not the first-login secret').waitFor();
	await clean('unlock');
	await page.getByLabel('First-login secret').fill(mock.secret);
	await next();

	await page.locator('#password').fill('short');
	await clean('password');
	await next();
	await page.getByText('does not meet the rules').waitFor();
	await page.locator('#password').fill(strong);
	await page.locator('#again').fill(strong);
	await next();

	await page.getByLabel('Host name').fill('not a name');
	await next();
	await page.getByText('Choose which half').waitFor();
	await page.getByText('Use letters, digits').waitFor();
	await clean('role');
	await page.locator('#role-core').check();
	await page.getByLabel('Host name').fill('core.example.org');
	await next();

	await page.getByLabel('Use 10.20.1.2').check();
	await page.getByLabel('Name of the network of 10.20.1.2').fill('lan');
	await clean('addresses');
	await next();

	await page.locator('#peer-ca').fill(identity('edge').ca);
	await page.getByText(/SHA-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}/).first().waitFor();
	await next();
	await page.getByText('Compare the fingerprint first').waitFor();
	await page.locator('#compared').check();
	await clean('identity');
	await next();

	await page.getByLabel('Address of the edge').fill('192.0.2.10');
	await page.getByLabel('Host name of the edge').fill('edge.example.org');
	await page.getByLabel('User name of the link').fill('core');
	await page.getByRole('button', { name: 'Make a strong one' }).click();
	await clean('peer');
	await page.setViewportSize({ width: 380, height: 800 });
	assert.ok(await overflow(page) <= 0, 'fits a narrow window');
	await page.setViewportSize({ width: 1440, height: 900 });
	await next();

	await clean('review');
	const sent = page.waitForRequest((request) => request.url().endsWith('/setup/complete'));
	await page.getByRole('button', { name: 'Apply' }).click();
	const body = (await sent).postDataJSON();
	assert.equal(body.role, 'core');
	assert.deepEqual(body.networks, [{ name: 'lan', address: '10.20.1.2' }]);
	assert.equal(body.peer.port, 7001);
	assert.match(body.peer.password, /^[A-Za-z2-9]{24}$/);
	await page.getByText('is in force').waitFor();
	await page.getByText('Next: the edge').waitFor();
	await clean('done');
	await page.getByRole('button', { name: 'Go to the overview' }).click();
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
	assert.deepEqual(complaints, []);
	await page.close();
	await mock.close();
});

test('a half configured through the API asks for the password only', async () => {
	const mock = createMock({ scenario: 'password', role: 'edge' });
	const address = await mock.listen();
	await browser.context.clearCookies();
	const { page } = await openPage(browser.context);
	await page.goto(address);
	await unlockAndSetPassword(page, mock.secret);
	await page.getByRole('button', { name: 'Set the password' }).click();
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
	await page.close();
	await mock.close();
});

test('the link can wait', async () => {
	const mock = createMock({ scenario: 'setup', role: 'edge' });
	const address = await mock.listen();
	await browser.context.clearCookies();
	const { page } = await openPage(browser.context);
	const next = () => page.getByRole('button', { name: 'Next' }).click();
	await page.goto(address);
	await unlockAndSetPassword(page, mock.secret);
	await next();
	await page.locator('#role-edge').check();
	await page.getByLabel('Host name').fill('edge.example.org');
	await next();
	await page.getByLabel('Use 192.0.2.10').check();
	await next();
	await page.locator('#peer-later').check();
	await next();
	const sent = page.waitForRequest((request) => request.url().endsWith('/setup/complete'));
	await page.getByRole('button', { name: 'Apply' }).click();
	assert.equal((await sent).postDataJSON().peer, null);
	await page.getByText('is in force').waitFor();
	await page.close();
	await mock.close();
});
