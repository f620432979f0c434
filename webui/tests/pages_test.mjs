// Every page: its data appears, nothing is said in the console, the policy is kept,
// axe finds nothing, a narrow window needs no sideways scrolling, and the keyboard is enough.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { axeViolations, byNight, logIn, openBrowser, openPage, overflow, password, settle, visit } from './browser.mjs';
import { clipped, pressEverything, rewind, skip, walk } from './hands.mjs';
import { fits, pages, patterns } from './pages.mjs';

let mock;
let address;
let browser;

before(async () => {
	mock = createMock();
	mock.store.candidate['turnpike-system:system'].web = { port: 8443 };
	address = await mock.listen();
	browser = await openBrowser();
	const { page } = await openPage(browser.context);
	await logIn(page, address);
	await page.close();
});
after(async () => {
	await browser.close();
	await mock.close();
});

test('every page of the application is among those looked at here', async () => {
	const left = (await patterns()).filter((pattern) => !pages.some(({ path }) => fits(pattern, path)));
	assert.deepEqual(left, [], 'add a line to tests/pages.mjs');
});

test('every page is whole and accessible', { timeout: 180_000 }, async () => {
	const { page, complaints } = await openPage(browser.context);
	await browser.context.clearCookies();
	await page.goto(address);
	await settle(page);
	assert.deepEqual(await axeViolations(page), [], 'login');
	await logIn(page, address);
	for (const { name, path, prepare } of pages) {
		await visit(page, path);
		assert.equal(await page.locator('h1').count(), 1, `${name}: one h1`);
		assert.equal(await page.locator('.pf-v6-c-alert.pf-m-danger:has-text("could not be")').count(), 0, `${name}: read`);
		await prepare?.(page);
		assert.deepEqual(await axeViolations(page), [], name);
	}
	assert.deepEqual(complaints, []);
	await page.close();
});

test('every page can be read in the dark, at 320 pixels, and enlarged to 200 %', { timeout: 180_000 }, async () => {
	const { page, complaints } = await openPage(browser.context, { theme: 'dark' });
	await page.goto(address);
	await settle(page);
	assert.ok(await page.evaluate(() => document.documentElement.classList.contains('pf-v6-theme-dark')), 'follows the system');
	for (const { name, path, prepare } of pages) {
		await page.setViewportSize({ width: 1440, height: 900 });
		await visit(page, path);
		await prepare?.(page);
		assert.deepEqual(await axeViolations(page, ['color-contrast']), [], name);
		/* 1280 by 800 at 200 % has room for half of each. */
		for (const [width, height] of [[320, 640], [640, 400]]) {
			await page.setViewportSize({ width, height });
			assert.ok(await overflow(page) <= 0, `${name} is ${await overflow(page)} px wider than ${width}`);
			assert.deepEqual(await clipped(page), [], `${name} at ${width} px`);
		}
	}
	assert.deepEqual(complaints, []);
	await page.close();
});

test('every page works by the keyboard alone, enlarged to 200 %', { timeout: 180_000 }, async () => {
	const { page, complaints } = await openPage(browser.context, { width: 640, height: 400 });
	await page.goto(address);
	await settle(page);
	for (const { name, path, prepare } of pages) {
		if (prepare)
			continue;
		await visit(page, path);
		assert.deepEqual([...await skip(page), ...await walk(page)], [], name);
	}
	await page.setViewportSize({ width: 1440, height: 900 });
	await rewind(page);
	assert.deepEqual(await walk(page, '.pf-v6-c-masthead, #navigation'), [], 'masthead and navigation');
	assert.deepEqual(complaints, []);
	await page.close();
});

test('dialogs and menus of every page open and close by the keyboard, enlarged to 200 %', { timeout: 300_000, skip: byNight }, async () => {
	const { page, complaints } = await openPage(browser.context, { width: 640, height: 400 });
	page.on('dialog', (dialog) => dialog.accept());
	page.on('filechooser', () => undefined);
	await page.goto(address);
	await settle(page);
	mock.frozen = true;
	for (const { name, path, prepare } of pages) {
		if (!prepare)
			assert.deepEqual(await pressEverything(page, path), [], name);
	}
	mock.frozen = false;
	assert.ok(mock.tried.length > 5, 'changes were tried');
	assert.deepEqual(complaints, []);
	await page.close();
});

test('in a narrow window the navigation opens over the page, and closes by choosing', async () => {
	const { page } = await openPage(browser.context, { width: 380, height: 800 });
	await page.goto(address);
	await settle(page);
	const link = page.locator('#navigation').getByRole('link', { name: 'Alarms' });
	await page.getByRole('button', { name: 'Pages' }).click();
	await page.waitForFunction(() => document.querySelector('#navigation').getBoundingClientRect().left === 0);
	assert.deepEqual(await axeViolations(page), []);
	await link.click();
	await page.getByRole('heading', { name: 'Alarms', level: 1 }).waitFor();
	await page.waitForFunction(() => document.querySelector('#navigation').getBoundingClientRect().right <= 0);
	await page.close();
});

test('the heading takes the focus when another page opens', async () => {
	const { page } = await openPage(browser.context);
	await page.goto(address);
	await settle(page);
	await page.locator('#navigation').getByText('Search rules').click();
	await settle(page);
	assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Search rules');
	assert.equal(await page.title(), 'Search rules · Turnpike');
	await page.close();
});

test('attack_25: text from peers is shown as text', async () => {
	const { page, complaints } = await openPage(browser.context);
	await page.goto(`${address}/registrations`);
	await settle(page);
	await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
	assert.equal(await page.locator('main img').count(), 0);
	assert.deepEqual(complaints, []);
	await page.close();
});

/* These come last: the cookie of another appliance at this address ends the session of the others. */
for (const [name, options] of [['the login', {}], ['the notice before it', { consent: { title: 'Authorised use only', text: 'First line.\nSecond line.', 'must-acknowledge': true } }], ['the first run', { scenario: 'setup' }], ['a forced change of the password', { mustChange: true }]]) {
	test(`before everything: ${name} is whole at 320 pixels and at 200 %, and works by the keyboard`, { timeout: 60_000 }, async () => {
		const other = createMock(options);
		const place = await other.listen();
		const { page, complaints } = await openPage(browser.context, { width: 640, height: 400 });
		await page.goto(place);
		await settle(page);
		if (options.mustChange) {
			await page.getByLabel('User name').fill('admin');
			await page.locator('#password').fill(password);
			await page.getByRole('button', { name: 'Log in' }).click();
			await page.getByRole('heading', { name: 'Change your password' }).waitFor();
		}
		for (const field of await page.locator('input[type=text]:visible, input[type=password]:visible').all())
			await field.fill('typed');
		await rewind(page);
		assert.deepEqual(await walk(page, '#root'), []);
		for (const [width, height] of [[640, 400], [320, 640]]) {
			await page.setViewportSize({ width, height });
			assert.ok(await overflow(page) <= 0, `${await overflow(page)} px wider than ${width}`);
			assert.deepEqual(await clipped(page), []);
			assert.deepEqual(await axeViolations(page), []);
		}
		assert.deepEqual(complaints, []);
		await page.close();
		await other.close();
	});
}
