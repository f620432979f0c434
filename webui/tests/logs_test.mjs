// The pages of the three logs: filters, export, following, verification.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { axeViolations, settle } from './browser.mjs';
import { openMocked } from './mocked.mjs';

let mock;
let address;
let page;
let close;

before(async () => {
	({ mock, address, page, close } = await openMocked());
});
after(() => close());

async function visit(path) {
	await page.goto(`${address}${path}`);
	await settle(page);
}

const rows = () => page.getByRole('grid', { name: 'Log lines' }).locator('tbody tr');
const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());

test('row 184: each of the three logs has its page', async () => {
	await visit('/log');
	await page.getByText("The traversal link to 'edge' is up.").first().waitFor();
	await page.getByRole('tab', { name: 'Network' }).click();
	await page.getByText('unknown CA').first().waitFor();
	assert.match(page.url(), /\/log\/network$/);
	await page.getByRole('tab', { name: 'Configuration' }).click();
	await page.getByText(/Nothing was logged yet|Revision/).first().waitFor();
	await accessible();
});

test('severity and text narrow the lines', async () => {
	await visit('/log/network');
	await page.getByLabel('Severity').selectOption('1');
	await page.waitForFunction(() => [...document.querySelectorAll('tbody tr')].every((row) => row.textContent.includes('Warning')));
	assert.ok(await rows().count() > 0);
	await page.getByLabel('Filter the log').fill('nothing like this');
	await page.getByText('No line fits this filter.').waitFor();
	await accessible();
});

test('V-206424: a log at three quarters of its size says so', async () => {
	await visit('/log');
	await page.getByText('The network log is at 75 % of its size or above').waitFor();
	assert.equal(await page.getByText('The event and configuration logs are at').count(), 0);
});

test('following shows a new line without a reload, and can be put off', async () => {
	await visit('/log');
	const line = { id: 9001, at: new Date().toISOString(), severity: 'information', name: 'test', text: 'A line that has just come.', user: null, source: null, path: null, before: null, after: null };
	mock.fleet.log.event.unshift(line);
	await page.getByText(line.text).waitFor({ timeout: 8000 });
	await page.getByLabel('Follow').click({ force: true });
	mock.fleet.log.event.unshift({ ...line, id: 9002, text: 'One that nobody follows.' });
	await page.waitForTimeout(4000);
	assert.equal(await page.getByText('One that nobody follows.').count(), 0);
});

test('an export takes all pieces, with the filter', async () => {
	await visit('/log/network');
	await page.getByLabel('Filter the log').fill('HTTPS');
	await page.waitForTimeout(500);
	await page.getByRole('button', { name: 'Export' }).click();
	const download = page.waitForEvent('download');
	await page.getByRole('menuitem', { name: 'CSV' }).click();
	const file = await download;
	assert.equal(file.suggestedFilename(), 'turnpike-network-log.csv');
	const text = readFileSync(await file.path(), 'utf8');
	assert.equal(text, 'network HTTPS csv 0\nnetwork HTTPS csv 100\n');
});

test('verification says what it found, well or not', async () => {
	await visit('/log');
	await page.getByRole('link', { name: 'Verify' }).click();
	await page.getByRole('button', { name: 'Verify now' }).click();
	await page.getByText('The audit log verifies').waitFor();
	await page.getByText('up to number 4709').waitFor();
	mock.fleet.log.tampered = true;
	await page.getByRole('button', { name: 'Verify now' }).click();
	await page.getByText('Record 17 is not what was written').waitFor();
	await accessible();
});

