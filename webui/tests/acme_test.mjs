// The page ACME: the state in words, "Request now", the settings.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, settle } from './browser.mjs';
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

async function visit() {
	await page.goto(`${address}/acme`);
	await settle(page);
}

const card = () => page.locator('.pf-v6-c-card').filter({ has: page.getByRole('heading', { level: 2, name: 'Certificate by ACME' }) });
const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());

test('row_167: the last try, its result and the next renewal are told, and one is asked for now', async () => {
	await visit();
	await card().getByText('A certificate for edge.example.org is in use.').waitFor();
	await card().getByText('In use', { exact: true }).waitFor();
	const asked = page.waitForRequest((request) => request.url().endsWith('/api/v1/acme/request'));
	await card().getByRole('button', { name: 'Request now' }).press('Enter');
	await asked;
	await accessible();
});

test("row_168: a failure stands there in the server's own words", async () => {
	for (const tree of [mock.store.running, mock.store.candidate])
		tree['turnpike-tls:tls'].acme.name = ['bad.example.org'];
	await visit();
	await card().getByText('The server says: DNS problem').waitFor();
	await accessible();
});

test('row_168: challenge, directory and external account are settings', async () => {
	await visit();
	await page.getByLabel('Challenge').selectOption({ label: 'DNS-01' });
	await page.getByLabel('Hook').fill('our-dns');
	await page.getByLabel('Directory URL').fill('https://ca.example.net/dir');
	await page.getByLabel('Key ID').fill('kid-1');
	await page.getByLabel('HMAC key').first().fill('c2VjcmV0');
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	const { acme } = mock.store.candidate['turnpike-tls:tls'];
	assert.equal(acme.challenge, 'dns-01');
	assert.equal(acme.hook, 'our-dns');
	assert.equal(acme.directory, 'https://ca.example.net/dir');
	assert.equal(acme['external-account']['key-id'], 'kid-1');
	await accessible();
});

test('off: nothing is asked for', async () => {
	for (const tree of [mock.store.running, mock.store.candidate])
		tree['turnpike-tls:tls'].acme = {};
	await visit();
	await page.getByText('ACME is off: switch it on below').waitFor();
	assert.equal(await card().getByRole('button', { name: 'Request now' }).isDisabled(), true);
	assert.deepEqual(complaints, []);
});
