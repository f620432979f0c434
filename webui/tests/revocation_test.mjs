// The page Revocation: distribution points with what came of them, an upload, settings.
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

const automatic = (tree) => ((((tree['turnpike-tls:tls'] ??= {}).revocation ??= {}).crl ??= {}).automatic ??= {});

async function visit() {
	await page.goto(`${address}/revocation`);
	await settle(page);
}

const card = (name) => page.locator('.pf-v6-c-card').filter({ has: page.getByRole('heading', { level: 2, name }) });
const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());

test('row_86: the distribution points are a setting, one a line', async () => {
	for (const tree of [mock.store.running, mock.store.candidate])
		delete tree['turnpike-tls:tls'].revocation.crl;
	await visit();
	await page.getByText('Automatic updates are off').waitFor();
	assert.equal(await page.getByRole('button', { name: 'Update now' }).isDisabled(), true);
	await page.getByLabel('HTTP(S) CRL distribution points').fill('http://crl.example/a.crl\nhttp://crl.example/bad.zip');
	await page.getByRole('switch', { name: 'Automatic CRL updates' }).press('Space');
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	assert.deepEqual(automatic(mock.store.candidate).url, ['http://crl.example/a.crl', 'http://crl.example/bad.zip']);
	await accessible();
});

test('each point shows what came of it, and is updated at once', async () => {
	Object.assign(automatic(mock.store.running), { enabled: true, url: ['http://crl.example/a.crl', 'http://crl.example/bad.zip'] });
	await visit();
	const downloads = card('Downloaded revocation lists');
	await downloads.getByText('The server answered 404.').waitFor();
	await downloads.getByRole('grid', { name: 'Revocation lists of http://crl.example/a.crl' }).getByText('CN=Example Issuing CA 1,O=Example').waitFor();
	await downloads.getByText('1,203').first().waitFor();
	const asked = page.waitForRequest((request) => request.url().endsWith('/api/v1/revocation/crls/update'));
	await downloads.getByRole('button', { name: 'Update now' }).click();
	await asked;
	await accessible();
});

test('row_89: an upload in PEM form only, replaced and removed', async () => {
	await visit();
	const upload = card('Uploaded revocation lists');
	await upload.getByLabel('Revocation lists in PEM form').fill('not a list');
	await upload.getByRole('button', { name: 'Upload' }).click();
	await upload.getByText('This is not a revocation list in PEM form.').waitFor();
	await upload.getByLabel('Revocation lists in PEM form').fill('-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n');
	await upload.getByRole('button', { name: 'Upload' }).click();
	await upload.getByText('CN=Private CA').waitFor();
	await upload.getByRole('button', { name: 'Upload and replace' }).waitFor();
	await accessible();
	await upload.getByRole('button', { name: 'Remove' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await upload.getByText('Nothing is uploaded.').waitFor();
	assert.deepEqual(complaints, []);
});

test('row_81: what would happen now, source by source', async () => {
	await visit();
	const tester = card('What would happen now');
	await tester.getByLabel('Certificate of the peer').fill('nothing');
	await tester.getByRole('button', { name: 'Ask all sources' }).click();
	await tester.getByText('no certificate in the PEM text').waitFor();
	await tester.getByLabel('Certificate of the peer').fill('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n');
	await tester.getByRole('button', { name: 'Ask all sources' }).press('Enter');
	await tester.getByText('The peer would be refused').waitFor();
	await tester.getByText('revoked (http://ocsp.example.org/)').waitFor();
	await tester.getByText('there is none of its issuer').waitFor();
	await accessible();
	assert.deepEqual(complaints, []);
});

test('row_93, row_94, row_95: mode, switches and fallback are settings with words of their own', async () => {
	await visit();
	await page.getByLabel('Certificate revocation checking mode').selectOption({ label: 'On' });
	await page.getByLabel('Fallback behavior').selectOption({ label: 'Treat as revoked' });
	await page.getByRole('switch', { name: 'Use OCSP' }).press('Space');
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	const { sip } = mock.store.candidate['turnpike-tls:tls'].revocation;
	assert.equal(sip.mode, 'on');
	assert.equal(sip.fallback, 'treat-as-revoked');
	assert.equal(String(sip['use-ocsp']), 'false');
	assert.deepEqual(complaints, []);
});
