// API tokens: the list, making one that is shown once, deleting one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { axeViolations, logIn, openBrowser, openPage, overflow, settle } from './browser.mjs';

let browser;

before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

test('row_182: a token is made, shown once, and deleted', { timeout: 60_000 }, async () => {
	const mock = createMock();
	const address = await mock.listen();
	const { page, complaints } = await openPage(browser.context, { width: 320 });
	await logIn(page, address);
	await page.goto(`${address}/api-access`);
	await settle(page);
	assert.equal(await overflow(page), 0);
	await page.getByRole('button', { name: 'Make a token' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Name').fill('no good');
	await dialog.getByRole('button', { name: 'Make' }).click();
	await dialog.getByText('A name has 1 to 32 letters').waitFor();
	await dialog.getByLabel('Name').fill('ci');
	await dialog.getByRole('radio', { name: 'Read and write' }).check();
	assert.deepEqual(await axeViolations(page), []);
	await dialog.getByRole('button', { name: 'Make' }).press('Enter');
	assert.match(await dialog.getByLabel('API token').inputValue(), /^tp_[0-9a-f]{64}$/);
	assert.deepEqual(await axeViolations(page), []);
	await dialog.getByRole('button', { name: 'Done' }).click();
	assert.equal(mock.tokens.list.at(-1).scope, 'write');
	await page.getByRole('button', { name: 'Delete the token backup of admin' }).click();
	await dialog.getByRole('button', { name: 'Delete' }).click();
	await page.getByText('backup').waitFor({ state: 'detached' });
	assert.deepEqual(mock.tokens.list.map((one) => one.name), ['provisioning', 'ci']);
	assert.equal(await page.getByText('tp_').count(), 0, 'the token is still shown');
	/* The browser itself complains of the refusal. */
	assert.deepEqual(complaints.filter((text) => !/status of 400/.test(text)), []);
	await page.close();
	await mock.close();
});
