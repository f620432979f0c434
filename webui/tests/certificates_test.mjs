// Certificates: the list with its filters, identities from request to activation, and
// the trusted CAs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { defaultTrust } from '../dev/mock/certificates.mjs';
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

const press = (name, where = page) => where.getByRole('button', { name, exact: true }).click();
const rowsOf = (name) => page.getByRole('grid', { name }).locator('tbody tr');
const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());

test('row_59: authorities are appended, and each says what became of it', async () => {
	await visit('/trusted-cas');
	await press('Append');
	const dialog = page.getByRole('dialog');
	await dialog.getByRole('textbox', { name: 'Certificates' }).fill(defaultTrust.slice(0, 3).join('\n'));
	await dialog.getByLabel('Traversal link').check();
	await accessible();
	await press('Append to the candidate', dialog);
	await dialog.getByText('2 authorities added to the candidate').waitFor();
	await dialog.getByText('Trusted already, as ISRG Root X1.').waitFor();
	await accessible();
	await press('Close', dialog.locator('footer'));
	await settle(page);
	assert.equal(await rowsOf('Trusted CAs').count(), 4);
	assert.match(await rowsOf('Trusted CAs').filter({ hasText: 'ISRG Root X2' }).innerText(), /Not committed/);
	assert.deepEqual(mock.store.candidate['turnpike-tls:tls']['trusted-ca'][2].use, ['traversal']);
});

test('row_62: several are ticked and deleted, with the keyboard alone', async () => {
	await visit('/trusted-cas');
	for (const name of ['ISRG Root X2', 'edge-ca']) {
		await page.getByLabel(`Select ${name}`).focus();
		await page.keyboard.press('Space');
	}
	await page.getByRole('button', { name: 'Delete selected' }).focus();
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog');
	await dialog.getByText('Delete 2 trusted CAs?').waitFor();
	await dialog.getByRole('button', { name: 'Delete', exact: true }).focus();
	await page.keyboard.press('Enter');
	await dialog.waitFor({ state: 'detached' });
	await settle(page);
	assert.deepEqual(mock.store.candidate['turnpike-tls:tls']['trusted-ca'].map((entry) => entry.name).filter((name) => /X2|edge/.test(name)), []);
	await page.getByText('Deleted in the candidate').waitFor();
	await accessible();
});

test('row_61: one is viewed decoded, and its uses are changed', async () => {
	await visit('/trusted-cas/ISRG%20Root%20X1');
	assert.match(await page.getByRole('region', { name: 'ISRG Root X1, decoded' }).innerText(), /Subject: CN=ISRG Root X1/);
	await page.getByLabel('Traversal link').check();
	await press('Save to the candidate');
	await page.getByText('Saved to the candidate').waitFor();
	const entry = mock.store.candidate['turnpike-tls:tls']['trusted-ca'].find((one) => one.name === 'ISRG Root X1');
	assert.deepEqual(entry.use, ['sip', 'traversal']);
	assert.ok(entry.certificate.includes('BEGIN CERTIFICATE'));
});

test('row_60: reset asks first, and brings the default list', async () => {
	await visit('/trusted-cas');
	await press('Reset to the default list');
	await press('Reset', page.getByRole('dialog'));
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	await settle(page);
	assert.equal(mock.store.candidate['turnpike-tls:tls']['trusted-ca'].length, defaultTrust.length);
	await visit('/trusted-cas-decoded');
	assert.match(await page.getByRole('region', { name: 'All certificates, decoded' }).innerText(), /ISRG Root X2/);
	mock.store.running = structuredClone(mock.store.candidate);
});

test('row_66: the list of all is filtered on several columns, sorted, and exported', async () => {
	await visit('/certificates');
	assert.equal(await rowsOf('Certificates').count(), 50);
	await page.getByLabel('Value of filter 1').fill('digicert');
	await press('Add a filter');
	await page.getByLabel('Column of filter 2').selectOption('expires-at');
	await page.getByLabel('Value of filter 2').fill('2032-01-01');
	await press('Find');
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 3);
	await accessible();
	await page.getByRole('button', { name: 'Expiration' }).click();
	await settle(page);
	const csv = await page.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
	assert.match(csv, /filter=common-name%3Acontains%3Adigicert&filter=expires-at%3Ais-before%3A2032-01-01&sort=expires-at/);
	await page.getByLabel('Column of filter 2').selectOption('type');
	await page.getByLabel('Condition of filter 2').selectOption('is-empty');
	await press('Find');
	await page.getByText('No certificate fits these filters.').waitFor();
	await page.getByLabel('How filters go together').selectOption('any');
	await press('Find');
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 3);
	await press('Clear');
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
	await page.getByText(/days left/).first().waitFor();
});

test('row_75, row_76, row_77, row_78: a request for several servers is made with typed and imported names', async () => {
	await visit('/identities/default/request');
	const name = page.getByLabel('Common name');
	assert.equal(await name.inputValue(), 'core.example.org');
	await page.getByLabel('Multi-server (SAN)').check();
	assert.equal(await name.inputValue(), 'core-ms.example.org');
	await page.getByLabel('Parent domain: example.org').check();
	await page.getByRole('textbox', { name: 'Other domains' }).fill('other.example.net');
	await page.keyboard.press('Enter');
	await page.getByLabel('File with domains').setInputFiles({ name: 'names.txt', mimeType: 'text/plain', buffer: Buffer.from('a.example.net, b.example.net # remark\nOTHER.example.net\n') });
	await page.getByText('2 names imported from names.txt.').waitFor();
	await page.getByLabel('Key type and length').selectOption('rsa-2048');
	await accessible();
	await press('Make the request');
	await page.getByRole('heading', { name: 'Pending request' }).waitFor();
	const { request } = mock.certificates.identities[0];
	assert.equal(request.distribution, 'multi-server');
	assert.equal(request['key-type'], 'RSA 2048');
	assert.deepEqual(request.names, ['core.example.org', 'example.org', 'other.example.net', 'a.example.net', 'b.example.net'].map((one) => `DNS:${one}`));
	await accessible();
	const [download] = await Promise.all([page.waitForEvent('download'), press('Download request')]);
	assert.equal(download.suggestedFilename(), 'core-ms.example.org.csr');
});

test('a fault of the form stands at its field, and a second request has to replace the first', async () => {
	await visit('/identities/default/request');
	assert.ok(await page.getByRole('button', { name: 'Make the request' }).isDisabled());
	await page.getByLabel('Replace it; its private key is lost').check();
	await page.getByLabel('Common name').fill('');
	await press('Make the request');
	await page.locator('#common-name-help').getByText('A common name is needed.').waitFor();
});

test('wish_20: a request whose names are too long says so before it is sent away', async () => {
	await visit('/identities/default/request');
	await page.getByLabel('Replace it; its private key is lost').check();
	const names = Array.from({ length: 30 }, (_, i) => `host-number-${i}.very.long.example.com`).join('\n');
	await page.getByLabel('File with domains').setInputFiles({ name: 'names.txt', mimeType: 'text/plain', buffer: Buffer.from(names) });
	await page.getByText('30 names imported from names.txt.').waitFor();
	await press('Make the request');
	await page.getByText('some peers read no more than 999').waitFor();
	await accessible();
});

test('wish_20: a certificate of another request is refused with a remedy', async () => {
	await visit('/identities/default/upload');
	await page.getByRole('textbox', { name: 'Certificate and its chain' }).fill('-----BEGIN CERTIFICATE-----\nWRONG\n-----END CERTIFICATE-----');
	await press('Check it');
	await page.getByText('This certificate cannot be activated').waitFor();
	await page.getByText(/may be for the other half of the pair/).waitFor();
	assert.ok(await page.getByRole('button', { name: 'Activate now' }).isDisabled());
	await accessible();
	await press('Forget this upload');
	await page.getByRole('textbox', { name: 'Certificate and its chain' }).waitFor();
});

test('warnings are accepted one by one before it is activated', async () => {
	await visit('/identities/default/upload');
	await page.getByRole('textbox', { name: 'Certificate and its chain' }).fill('-----BEGIN CERTIFICATE-----\nRIGHT\n-----END CERTIFICATE-----');
	await press('Check it');
	await page.getByText('Accept the warnings first, or mend them.').waitFor();
	await accessible();
	const activate = page.getByRole('button', { name: 'Activate now' });
	assert.ok(await activate.isDisabled());
	await page.locator('#accept-names-lost').check();
	await activate.click();
	await page.waitForURL(/\/identities\/default$/);
	assert.equal(mock.certificates.identities[0].staged, null);
	assert.equal(mock.certificates.identities[0].request, null);
});

test('a PKCS#12 file asks for its passphrase; a service gets its own and gives it back', async () => {
	await visit('/identities/sip-client/upload');
	await page.getByLabel('Certificate file', { exact: true }).setInputFiles({ name: 'sip.p12', mimeType: 'application/x-pkcs12', buffer: Buffer.from([0x30, 0x82, 1, 2]) });
	await page.locator('#upload-passphrase').fill('secret');
	await accessible();
	const [sent] = await Promise.all([page.waitForRequest(/\/upload$/), press('Check it')]);
	assert.deepEqual(sent.postDataJSON(), { pkcs12: 'MIIBAg==', passphrase: 'secret' });
	await page.locator('#accept-names-lost').check();
	await press('Put into the candidate');
	await page.waitForURL(/\/changes$/);
	await visit('/identities/sip-client');
	await press('Use the shared one again');
	await press('Remove the own certificate', page.getByRole('dialog'));
	await page.getByText('it shows the shared one', { exact: false }).waitFor();
	assert.ok(!mock.certificates.identities.find((one) => one.id === 'sip-client').configured);
});

test('wish_6: a client identity for zones is made, gets its page, and goes', async () => {
	await visit('/identities');
	const table = page.getByRole('grid', { name: 'Client identities of zones' });
	assert.match(await table.locator('tr', { hasText: 'to-pbx' }).innerText(), /client.example.org[^]*Zone pbx/);
	await press('Add one');
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Name').fill('Not Small');
	await press('Add', dialog);
	await dialog.getByText('small letters, digits and hyphens.').first().waitFor();
	await accessible();
	await dialog.getByLabel('Name').fill('to-berlin');
	await press('Add', dialog);
	await page.waitForURL(/\/identities\/to-berlin$/);
	await page.getByText('Nothing of it is in force yet.').waitFor();
	await accessible();
	await press('Delete');
	await press('Delete', page.getByRole('dialog'));
	await page.waitForURL(/\/identities$/);
	await table.getByText('to-pbx').waitFor();
	assert.ok(!mock.certificates.identities.some((one) => one.id === 'to-berlin'));
});

test('row_215: names that clients ask for are checked, and one more', async () => {
	await visit('/identities');
	const table = page.getByRole('grid', { name: 'Names that clients ask for' });
	assert.match(await table.locator('tr', { hasText: 'SIP domain' }).innerText(), /Refused[^]*wanted example.org/);
	await page.getByLabel('Another name to check').fill('sip.example.org');
	await page.keyboard.press('Enter');
	await table.getByText('Asked for').first().waitFor();
	assert.match(await table.locator('tr', { hasText: 'Asked for' }).first().innerText(), /Accepted/);
	await accessible();
});

test('renewing keeps the names, discarding asks first', async () => {
	await visit('/identities/default');
	await press('Renew with the same names');
	await accessible();
	await press('Make the request', page.getByRole('dialog'));
	await page.getByRole('heading', { name: 'Pending request' }).waitFor();
	assert.deepEqual(mock.certificates.identities[0].request.names, mock.certificates.identities[0].certificate.names);
	await press('Discard');
	await press('Discard', page.getByRole('dialog'));
	await page.getByRole('heading', { name: 'Pending request' }).waitFor({ state: 'detached' });
	assert.deepEqual(complaints, []);
});
