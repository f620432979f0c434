// Browsers with cards: reads a list of visits from standard input (card_browser.py), makes them at
// the same time, and prints what stood on the last page of each.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { axeViolations, settle, visit } from '../../webui/tests/browser.mjs';

const { chromium } = createRequire(new URL('../../webui/package.json', import.meta.url))('playwright-core');
const run = promisify(execFile);

/** Types the PIN where Chromium asks for it, as a person does. */
async function unlock(pin) {
	let dialog;
	for (let tries = 0; !dialog && tries < 150; tries++) {
		await sleep(100);
		dialog = (await run('xdotool', ['search', '--name', 'Unlock Security Device']).catch(() => ({ stdout: '' }))).stdout.trim();
	}
	assert.ok(dialog, 'nobody asks for the PIN');
	await run('xdotool', ['windowfocus', '--sync', dialog, 'type', pin]);
	await run('xdotool', ['key', 'Return']);
}

async function tryOwn(page) {
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
	await visit(page, '/certificate-test');
	assert.ok(await page.getByLabel('The one that this browser shows now').isChecked());
	await page.getByRole('button', { name: 'Try', exact: true }).click();
	await page.getByText('The certificate is valid').waitFor();
	await page.getByText('May change settings.').waitFor();
}

const steps = {
	async password(page, { user, password }) {
		await page.getByLabel('User name').fill(user);
		await page.locator('#password').fill(password);
		await page.getByRole('button', { name: 'Log in' }).click();
		await page.getByRole('heading', { name: 'Overview' }).waitFor();
	},
	async card(page) {
		await page.getByRole('button', { name: 'Log in with this certificate' }).click();
		await tryOwn(page);
	},
	async look(page, { axe }) {
		await settle(page);
		if (axe)
			assert.deepEqual(await axeViolations(page), []);
	},
};

async function make({ home, softhsm, pin, url, step, cookie, ...facts }) {
	const context = await chromium.launchPersistentContext(`${home}/profile`, {
		executablePath: process.env.TURNPIKE_CHROMIUM ?? '/usr/bin/chromium',
		headless: false,
		ignoreHTTPSErrors: true,
		args: [...(pin ? [] : ['--headless']), '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
		env: { ...process.env, HOME: home, SOFTHSM2_CONF: softhsm },
	});
	try {
		context.setDefaultTimeout(20_000);
		if (cookie)
			await context.addCookies([{ ...cookie, url, secure: true, sameSite: 'Strict' }]);
		const page = context.pages()[0] ?? await context.newPage();
		await Promise.all([page.goto(url), pin && unlock(pin)]);
		await steps[step](page, facts);
		return await page.getByRole('main').innerText();
	} finally {
		await context.close();
	}
}

const visits = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(visits.map(make))));
