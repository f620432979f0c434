// Chromium with a certificate, or with none: card.mjs URL [CERTIFICATE KEY]. Logs in by it and looks
// at the guide and the testing page; without one, prints what the page says.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { axeViolations, settle } from '../../webui/tests/browser.mjs';

const { chromium } = createRequire(new URL('../../webui/package.json', import.meta.url))('playwright-core');
const [url, certPath, keyPath] = process.argv.slice(2);
const browser = await chromium.launch({
	executablePath: process.env.TURNPIKE_CHROMIUM ?? '/usr/bin/chromium',
	args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic'],
});
try {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, clientCertificates: certPath ? [{ origin: url, certPath, keyPath }] : [] });
	context.setDefaultTimeout(20_000);
	const page = await context.newPage();
	await page.goto(url);
	if (certPath) {
		await page.getByRole('button', { name: 'Log in with this certificate' }).click();
		await page.getByRole('heading', { name: 'Overview' }).waitFor();
		await page.goto(`${url}/certificate-login`);
		await page.getByText('Seen and valid: ').waitFor();
		await settle(page);
		assert.deepEqual(await axeViolations(page), []);
		await page.goto(`${url}/certificate-test`);
		await page.getByRole('button', { name: 'Try', exact: true }).click();
		await page.getByText('The certificate is valid').waitFor();
		await page.getByText('May change settings.').waitFor();
		await settle(page);
		assert.deepEqual(await axeViolations(page), []);
	} else {
		console.log(await page.getByRole('main').innerText());
		assert.deepEqual(await axeViolations(page), []);
	}
} finally {
	await browser.close();
}
