// The page Ciphers: presets, lists of one's own, what they come to, and what is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, openPage, settle } from './browser.mjs';
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
	await page.goto(`${address}/ciphers`);
	await settle(page);
}

const card = (name) => page.locator('.pf-v6-c-card').filter({ has: page.getByRole('heading', { level: 2, name, exact: name !== 'Web interface and API' }) });
const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());
const service = () => mock.store.candidate['turnpike-tls:tls'].service;

test('every service of the table has its card, and what it uses is shown', async () => {
	await visit();
	for (const name of ['Web interface and API', 'SIP', 'Traversal link'])
		await card(name).getByText('in use').first().waitFor();
	assert.equal(await card('SIP').getByText('None weak').count(), 2);
	assert.equal(await card('Web interface and API').getByText('None weak').count(), 1);
	await accessible();
});

test('a preset shows what it comes to, with the weak suites and why', async () => {
	await visit();
	const sip = card('SIP');
	await sip.getByLabel('Cipher suites').selectOption('compatible');
	await sip.getByText('4 weak').waitFor(); // outbound, with the one without authentication
	await sip.getByText('In force now: Recommended, from TLS 1.2 on.').waitFor();
	await sip.getByRole('button', { name: 'Show the outbound suites of SIP' }).click();
	const row = sip.getByRole('grid', { name: 'Outbound suites of SIP' }).locator('tbody tr').filter({ hasText: 'ADH-AES256-GCM-SHA384' });
	assert.match(await row.innerText(), /Weak[\s\S]*No authentication/);
	await accessible();
});

test('a list of one\'s own begins with the preset before it; a bad one is refused at its field', async () => {
	await visit();
	const sip = card('SIP');
	await sip.getByLabel('Cipher suites').selectOption('compatible');
	await sip.getByLabel('Cipher suites').selectOption('custom');
	const list = sip.getByLabel('Inbound ciphers up to TLS 1.2');
	assert.match(await list.inputValue(), /\+ADH:!aNULL$/);
	await list.fill('HIGH:!ADH');
	await sip.locator('.pf-v6-c-form__group').filter({ has: page.getByLabel('Inbound ciphers up to TLS 1.2') }).getByText(/without authentication/).waitFor();
	await list.fill('HIGH:!aNUL');
	await sip.locator('.pf-v6-c-form__group').filter({ has: page.getByLabel('Inbound ciphers up to TLS 1.2') }).getByText(/'aNUL' is not known/).waitFor();
	assert.equal(await list.getAttribute('aria-invalid'), 'true');
	await accessible();
	await list.fill('HIGH:!aNULL');
	await sip.getByText(/is not known/).first().waitFor({ state: 'detached' });
});

test('row_122: who would be shut out is told before', async () => {
	await visit();
	const sip = card('SIP');
	await sip.getByText('Everyone seen in the last 30 days can connect as before.').waitFor();
	await sip.getByLabel('Minimum TLS version').selectOption('1.3');
	await sip.getByText('2 peers seen in the last 30 days would be shut out').waitFor();
	await sip.getByRole('button', { name: 'Show the peers of SIP' }).click();
	const rows = sip.getByRole('grid', { name: 'Peers of SIP' }).locator('tbody tr');
	assert.match(await rows.first().innerText(), /203\.0\.113\.57[\s\S]*TLS 1\.2[\s\S]*Be shut out/);
	await accessible();
	await sip.getByLabel('Minimum TLS version').selectOption('1.2');
	await sip.getByLabel('Cipher suites').selectOption('disa');
	await sip.getByText('1 peer seen in the last 30 days would need another suite').waitFor();
	await accessible();
});

test('TLS 1.0 warns of the alarm', async () => {
	await visit();
	await card('Traversal link').getByLabel('Minimum TLS version').selectOption('1.0');
	await card('Traversal link').getByText(/alarm 40020/).waitFor();
	await accessible();
});

test('what is chosen is saved to the candidate, and reverted before', async () => {
	await visit();
	const web = card('Web interface and API');
	await web.getByLabel('Minimum TLS version').selectOption('1.3');
	await page.getByRole('button', { name: 'Revert' }).click();
	assert.equal(await web.getByLabel('Minimum TLS version').inputValue(), '1.2');
	await web.getByLabel('Minimum TLS version').selectOption('1.3');
	await card('SIP').getByLabel('Cipher suites').selectOption('disa');
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	assert.deepEqual(service(), { web: { 'minimum-version': '1.3' }, sip: { preset: 'disa' } });
	await accessible();
	await page.goto(`${address}/changes`);
	await settle(page);
	await page.getByRole('link', { name: /Web interface and API/ }).first().waitFor();
	assert.equal(await page.getByText('Can lock you out').count() > 0, true);
});

test('nothing is wider than a narrow window', async () => {
	const { page: narrow } = await openPage(page.context(), { width: 320, height: 800 });
	await narrow.goto(`${address}/ciphers`);
	await settle(narrow);
	const box = narrow.getByLabel('Cipher suites').first();
	await box.selectOption('custom');
	await narrow.getByText('in use').first().waitFor();
	assert.ok(await narrow.evaluate(() => document.querySelector('main').scrollWidth <= 320));
	await narrow.close();
});

test('row_36: what asking for certificates means for phones is said on the SIP page', async () => {
	mock.store.candidate['turnpike-sip:sip']['mutual-tls'] = { enabled: true };
	mock.store.candidate['turnpike-sip:sip'].tls = { ...mock.store.candidate['turnpike-sip:sip'].tls, enabled: false };
	await page.goto(`${address}/sip`);
	await settle(page);
	await page.getByText('Remote access over TLS is off').waitFor();
	await page.getByText('Nobody can use the port that wants certificates').waitFor();
	await accessible();
	mock.store.candidate['turnpike-sip:sip'].tls.enabled = true;
	mock.store.candidate['turnpike-zone:zones'].zone.push({ name: 'proven', type: 'neighbor', peer: [{ address: '10.20.9.9' }], 'verify-name': 'pbx.example.org' });
	await page.reload();
	await settle(page);
	assert.equal(await page.getByText('Remote access over TLS is off').count(), 0);
	assert.equal(await page.getByText('Nobody can use the port').count(), 0);
});

test('no complaint of the browser', () => assert.deepEqual(complaints, []));
