// Every page of the application after the login, for tests and pictures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

export const pages = [
	{ name: 'overview', path: '/' },
	{ name: 'calls', path: '/calls' },
	{ name: 'calls-history', path: '/calls/history' },
	{ name: 'call', path: '/calls/live/500002' },
	{ name: 'call-ended', path: '/calls/history/500104' },
	{ name: 'registrations', path: '/registrations' },
	{ name: 'alarms', path: '/alarms' },
	{ name: 'log', path: '/log' },
	{ name: 'log-configuration', path: '/log/configuration' },
	{ name: 'log-network', path: '/log/network' },
	{ name: 'log-verification', path: '/log/verification' },
	{ name: 'log-settings', path: '/log/settings' },
	{ name: 'log-logins', path: '/log/logins' },
	{ name: 'own-logins', path: '/logins' },
	{ name: 'sessions', path: '/sessions' },
	{ name: 'consent', path: '/consent' },
	{ name: 'system', path: '/system' },
	{ name: 'administrators', path: '/administrators' },
	{ name: 'administrator-add', path: '/administrators', prepare: (page) => page.getByRole('button', { name: 'Add administrator' }).click() },
	{ name: 'login-sources', path: '/login' },
	{ name: 'login-tested', path: '/login', prepare: testUser },
	{ name: 'password-policy', path: '/password-policy' },
	{ name: 'advanced', path: '/advanced' },
	{ name: 'presets', path: '/presets' },
	{ name: 'presets-deviations', path: '/presets', prepare: (page) => page.getByLabel('Only deviations').check() },
	{ name: 'api-access', path: '/api-access' },
	{ name: 'token-new', path: '/api-access', prepare: (page) => page.getByRole('button', { name: 'Make a token' }).click() },
	{ name: 'zones', path: '/zones' },
	{ name: 'zone', path: '/zones/edge' },
	{ name: 'zone-edit', path: '/zones/edge/edit' },
	{ name: 'zone-new', path: '/zones/new' },
	{ name: 'zone-default', path: '/zones-default' },
	{ name: 'rules', path: '/rules' },
	{ name: 'rule', path: '/rules/old-branch' },
	{ name: 'rule-new', path: '/rules/new' },
	{ name: 'sip', path: '/sip' },
	{ name: 'registrar', path: '/registrar' },
	{ name: 'media', path: '/media' },
	{ name: 'certificates', path: '/certificates' },
	{ name: 'identities', path: '/identities' },
	{ name: 'identity', path: '/identities/default' },
	{ name: 'identity-own', path: '/identities/sip-client' },
	{ name: 'identity-request', path: '/identities/default/request' },
	{ name: 'identity-self-signed', path: '/identities/sip-client/self-signed' },
	{ name: 'identity-upload', path: '/identities/sip-client/upload' },
	{ name: 'acme', path: '/acme' },
	{ name: 'trusted-cas', path: '/trusted-cas' },
	{ name: 'trusted-ca', path: '/trusted-cas/ISRG%20Root%20X1' },
	{ name: 'trusted-cas-decoded', path: '/trusted-cas-decoded' },
	{ name: 'ciphers', path: '/ciphers' },
	{ name: 'revocation', path: '/revocation' },
	{ name: 'certificate-login', path: '/certificate-login' },
	{ name: 'certificate-test', path: '/certificate-test' },
	{ name: 'certificate-tried', path: '/certificate-test', prepare: tryCertificate },
	{ name: 'changes', path: '/changes' },
	{ name: 'history', path: '/changes/history' },
	{ name: 'compare', path: '/changes/compare?from=1&to=4' },
	{ name: 'traversal-test', path: '/traversal-test' },
	{ name: 'traversal-test-failed', path: '/traversal-test', prepare: runTest },
	{ name: 'ports', path: '/ports' },
	{ name: 'readiness', path: '/readiness' },
	{ name: 'nothing-here', path: '/no/such/page' },
];

/** The patterns of all pages, from the application's own table. */
export async function patterns() {
	const text = await readFile(new URL('../src/app/pages.tsx', import.meta.url), 'utf8');
	const found = [...text.slice(text.indexOf('const pages')).matchAll(/^\t\['(\/[^']*)'/gm)].map((match) => match[1]);
	assert.ok(found.length > 30, 'the table of pages reads differently now');
	return found;
}

/** Whether a page stands at a path, as src/app/router.tsx matches them. */
export const fits = (pattern, path) => new RegExp(`^${pattern.replace(/:[a-z]+/g, '[^/?]+')}(\\?.*)?$`).test(path);

async function testUser(page) {
	await page.getByLabel('User name').fill('bob');
	await page.getByLabel('Source to ask').selectOption('pam');
	await page.getByRole('button', { name: 'Test', exact: true }).click();
	await page.getByText('This user would be refused').scrollIntoViewIfNeeded();
}

async function tryCertificate(page) {
	await page.getByLabel('File or text').fill('-----BEGIN CERTIFICATE-----');
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('The certificate is valid').waitFor();
}

/** The mock's edge does not know our certificate's name, and its clock is off. */
async function runTest(page) {
	await page.getByLabel('Address of the edge').fill('wrong.example.org');
	await page.getByRole('button', { name: 'Run the test' }).click();
	await page.getByRole('list', { name: 'Steps of the test' }).waitFor();
}
