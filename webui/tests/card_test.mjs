// Login by certificate: the guide with its live state, the testing page, the login.
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

async function visit(path) {
	await page.goto(address + path);
	await settle(page);
}

const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());
const words = async () => (await page.getByRole('list', { name: 'Steps to login by certificate' }).locator('h3').allInnerTexts()).map((text) => text.split(/\s+/).at(-1));

test('row_99: the guide says what is done, on this connection, and what comes next', async () => {
	await visit('/certificate-login');
	assert.deepEqual(await words(), ['Next', ...Array(6).fill('Open')]);
	await accessible();
	mock.store.running['turnpike-tls:tls']['trusted-ca'][0].use = ['web-login'];
	Object.assign(mock.card, { port: 7444, shown: true });
	await visit('/certificate-login');
	assert.deepEqual(await words(), ['Done', 'Done', 'Done', 'Done', 'Done', 'Next', 'Open']);
	await page.getByText('Seen and valid: CN=ADAMS.ANN').waitFor();
	await accessible();
});

test('row_101: the page warns of stores that ask for no PIN', async () => {
	await page.getByText('only as good as the PIN').waitFor();
	await page.getByText('a store that asks for no PIN, whoever sits at that computer comes in').waitFor();
});

test('row_109: the emergency account needs a certificate of its own', async () => {
	await page.getByText('The emergency account needs a certificate of its own').waitFor();
	mock.card.emergency = { account: 'rescue', 'by-certificate-at': null };
	await visit('/certificate-login');
	await page.getByText('The emergency account rescue has never logged in with a certificate').waitFor();
	await accessible();
	mock.card.emergency = { account: 'rescue', 'by-certificate-at': '2026-11-20T10:00:00.000Z' };
	await visit('/certificate-login');
	await page.getByText('The emergency account rescue has logged in with a certificate').waitFor();
});

test('row_105, row_106: a certificate is tried, again with another pattern, and once more by the keyboard', async () => {
	await visit('/certificate-test');
	assert.ok(await page.getByLabel('The one that this browser shows now').isChecked());
	assert.equal(await page.getByRole('textbox', { name: 'Pattern' }).inputValue(), '/Subject:.*CN=(?<Group1>.*)/m');
	await page.getByLabel('From a file or pasted').check();
	await page.getByLabel('File or text').fill('-----BEGIN CERTIFICATE-----\nBOB');
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('The certificate would be refused').waitFor();
	await page.getByText('There is no account with the name ADAMS.ANN.A.1000000001,OU=PKI').waitFor();
	await accessible();
	await page.getByRole('textbox', { name: 'Pattern' }).fill('/Subject: CN=(?<Group1>[^,]+)/');
	await page.keyboard.press('Enter');
	await page.getByText('May change settings.').waitFor();
	await accessible();
});

test('row_102: an example fills in pattern and format', async () => {
	const example = page.getByLabel('Begin with');
	assert.equal(await example.inputValue(), '');
	await example.selectOption('edipi');
	assert.equal(await page.getByRole('textbox', { name: 'Format' }).inputValue(), '#EDIPI#');
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('There is no account with the name 1000000001').waitFor();
	await example.selectOption('cn');
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('May change settings.').waitFor();
	await accessible();
});

test('row_106: what is chosen is sent once, and a file again only when it is chosen again', async () => {
	const sources = () => mock.card.asked.splice(0).map((body) => body.source);
	const choose = (text) => page.getByLabel('Certificate file').setInputFiles({ name: 'card.pem', mimeType: 'text/plain', buffer: Buffer.from(text) });
	const tried = async () => {
		await page.getByRole('button', { name: 'Try', exact: true }).click();
		await page.getByRole('button', { name: 'Try', exact: true, disabled: false }).waitFor();
	};
	await choose('-----BEGIN CERTIFICATE-----\nANN');
	await page.getByText('When the file changes, choose it again.').waitFor();
	sources();
	await tried();
	await tried();
	assert.deepEqual(sources(), ['upload', 'kept']);
	await choose('-----BEGIN CERTIFICATE-----\nBOB');
	await tried();
	assert.deepEqual(sources(), ['upload']);
	await page.getByText('The certificate would be refused').waitFor();
});

test('row_107: what was tried is kept in the candidate', async () => {
	await page.getByRole('button', { name: 'Make these settings permanent' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	assert.equal(mock.store.candidate['turnpike-access:access']['certificate-login'].pattern, '/Subject: CN=(?<CN>[^,+]+)/');
});

test('a pattern that is wrong is told', async () => {
	await page.getByRole('textbox', { name: 'Pattern' }).fill('Subject');
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('stands between two delimiters').waitFor();
});

test('row_98: with certificate-based authentication there is no password form', async () => {
	mock.card.level = 'authentication';
	await page.context().clearCookies();
	await visit('/');
	await page.getByText('CN=ADAMS.ANN.A.1000000001,OU=PKI').waitFor();
	assert.equal(await page.getByLabel('Password').count(), 0);
	await accessible();
	await page.getByRole('button', { name: 'Log in with this certificate' }).click();
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
	assert.deepEqual(complaints, []);
});
