// What an administrator does in a browser, one action a run: browser.mjs ACTION JSON.
// Chromium, its complaints and axe come from the web interface's own test helpers.
import assert from 'node:assert/strict';
import { axeViolations, logIn, openBrowser, openPage, settle } from '../../webui/tests/browser.mjs';

const next = (page, name = 'Next') => page.getByRole('button', { name, exact: true }).click();

async function unlockAndSetPassword(page, { url, secret, user, password }) {
	await page.goto(url);
	await page.locator('#secret').fill(secret);
	await next(page);
	await page.locator('#user').fill(user);
	await page.locator('#password').fill(password);
	await page.locator('#again').fill(password);
}

async function chooseAddresses(page, networks) {
	for (const { name, address } of networks) {
		await page.getByLabel(`Use ${address}`, { exact: true }).check();
		await page.getByLabel(`Name of the network of ${address}`, { exact: true }).fill(name);
	}
	for (const box of await page.getByRole('checkbox', { name: /^Use / }).all()) {
		const label = await box.getAttribute('aria-label');
		if (!networks.some(({ address }) => label === `Use ${address}`) && await box.isChecked())
			await box.uncheck();
	}
}

async function fillPeer(page, peer) {
	await page.locator('#peer-now').check();
	await page.locator('#peer-ca').fill(peer.ca);
	await page.locator('#compared').check();
	await next(page);
	await page.locator('#peer-address').fill(peer.address);
	await page.locator('#peer-port').fill(String(peer.port));
	await page.locator('#verify-name').fill(peer.verifyName);
	await page.locator('#link-user').fill(peer.user);
	await page.locator('#link-password').fill(peer.password);
	await page.locator('#peer-name').fill(peer.name);
	await next(page);
}

const actions = {
	/** The whole first-run wizard. */
	async wizard(page, o) {
		await unlockAndSetPassword(page, o);
		await checkAccessible(page);
		await next(page);
		await page.locator(`#role-${o.role}`).check();
		await page.locator('#host-name').fill(o.hostName);
		await checkAccessible(page);
		await next(page);
		await chooseAddresses(page, o.networks);
		await checkAccessible(page);
		await next(page);
		if (o.peer) {
			await fillPeer(page, o.peer);
		} else {
			await page.locator('#peer-later').check();
			await next(page);
		}
		await checkAccessible(page);
		await next(page, 'Apply');
		await page.getByText(/Revision \d+ is in force/).first().waitFor({ timeout: 30_000 });
	},

	/** What is left when the rest was configured by the API. */
	async password(page, o) {
		await unlockAndSetPassword(page, o);
		await checkAccessible(page);
		await next(page, 'Set the password');
		await page.locator('#navigation').waitFor({ state: 'attached' });
	},

	/** Trusts the other half's CA and makes the zone to it, then commits both. */
	async zone(page, o) {
		await logIn(page, o.url, o.user, o.password);
		await page.goto(`${o.url}/trusted-cas`);
		await settle(page);
		await page.getByRole('button', { name: 'Append', exact: true }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('textbox', { name: 'Certificates' }).fill(o.ca);
		await checkAccessible(page);
		await dialog.getByRole('button', { name: 'Append to the candidate' }).click();
		await dialog.getByText(/1 authority added/).waitFor();
		await dialog.locator('footer').getByRole('button', { name: 'Close' }).click();
		await dialog.waitFor({ state: 'detached' });
		await page.goto(`${o.url}/zones/new`);
		await settle(page);
		await page.getByLabel('Name', { exact: false }).first().fill(o.zone);
		await page.getByLabel('Type').first().selectOption(o.type);
		await page.getByLabel('Certificate name').fill(o.verifyName);
		await page.getByLabel('User name').fill(o.linkUser);
		await page.getByRole('textbox', { name: /^Password/ }).or(page.locator('input[type=password]')).first().fill(o.linkPassword);
		await page.getByLabel('Network', { exact: false }).first().selectOption(o.network);
		await checkAccessible(page);
		await page.getByRole('button', { name: 'Save to the candidate' }).click();
		await page.waitForURL(/\/zones$/);
		await page.goto(`${o.url}/changes`);
		await settle(page);
		await page.locator('#comment').fill('zone made in the browser');
		if (await page.locator('#guarded').isChecked())
			await page.locator('#guarded').uncheck();
		await checkAccessible(page);
		await page.getByRole('button', { name: 'Commit', exact: true }).click();
		await page.getByText(/is committed and in force/).first().waitFor({ timeout: 30_000 });
	},

	/** Makes a certificate request for the web interface. */
	async request(page, o) {
		await logIn(page, o.url, o.user, o.password);
		await page.goto(`${o.url}/identities/web-server/request`);
		await settle(page);
		await page.getByLabel('Key type and length').selectOption('ec-p256');
		await page.getByRole('textbox', { name: 'Other domains' }).fill(o.domain);
		await page.getByRole('button', { name: 'Add', exact: true }).click();
		await checkAccessible(page);
		await page.getByRole('button', { name: 'Make the request' }).click();
		await page.getByRole('heading', { name: 'Pending request' }).waitFor();
		await checkAccessible(page);
	},

	/** Uploads what was issued for it, reads the findings, and activates it. */
	async upload(page, o) {
		await logIn(page, o.url, o.user, o.password);
		await page.goto(`${o.url}/identities/web-server/upload`);
		await settle(page);
		await page.getByRole('textbox', { name: 'Certificate and its chain' }).fill(o.pem);
		await page.getByRole('button', { name: 'Check it' }).click();
		await page.getByRole('heading', { name: 'Uploaded certificate' }).waitFor();
		await checkAccessible(page);
		for (const box of await page.getByRole('checkbox', { name: 'Accept' }).all())
			await box.check();
		await page.getByRole('button', { name: 'Activate now' }).click();
		await page.waitForURL(/\/identities\/web-server$/);
		await settle(page);
		await page.getByText(o.issuer).first().waitFor();
		await checkAccessible(page);
	},

	/** The zone is shown as up. */
	async linkIsUp(page, o) {
		await logIn(page, o.url, o.user, o.password);
		await page.goto(`${o.url}/zones/${o.zone}`);
		await settle(page);
		await page.getByText(/^Up$/i).first().waitFor({ timeout: 30_000 });
		await checkAccessible(page);
	},

	/** Opens the one live call and sees its counters count in both directions. */
	async watchCall(page, o) {
		await logIn(page, o.url, o.user, o.password);
		await page.goto(`${o.url}/calls`);
		const row = page.getByRole('grid', { name: 'Live calls' }).or(page.getByRole('table', { name: 'Live calls' }));
		await row.waitFor({ timeout: 20_000 });
		await checkAccessible(page);
		await row.locator('tbody a').first().click();
		await settle(page);
		const numbers = async () => (await page.locator('main').innerText()).match(/\d+/g).map(Number);
		const before = await numbers();
		await page.waitForTimeout(3_000);
		const after = await numbers();
		assert.notDeepEqual(before, after, 'the counters of the live call stand still');
		await checkAccessible(page);
	},

	/** Every page in the navigation opens without a complaint and without an axe violation. */
	async everyPage(page, o) {
		await logIn(page, o.url, o.user, o.password);
		const links = await page.locator('#navigation a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
		assert.ok(links.length >= 10, `only ${links.length} pages`);
		for (const link of links) {
			await page.goto(o.url + link);
			await settle(page);
			await checkAccessible(page);
		}
	},
};

async function checkAccessible(page) {
	const violations = await axeViolations(page);
	assert.deepEqual(violations, [], `axe on ${page.url()}`);
}

const [action, text] = process.argv.slice(2);
const browser = await openBrowser();
let page;
try {
	const opened = await openPage(browser.context);
	page = opened.page;
	await actions[action](page, JSON.parse(text));
	assert.deepEqual(opened.complaints, []);
	console.log(`${action}: done`);
} catch (error) {
	console.log(`${action}: ${error.stack}`);
	if (page) {
		console.log(`at ${page.url()}`);
		console.log((await page.locator('body').innerText().catch(() => '')).slice(0, 3000));
		if (process.env.TP_SHOT)
			await page.screenshot({ path: process.env.TP_SHOT, fullPage: true }).catch(() => {});
	}
	process.exitCode = 1;
} finally {
	await browser.close();
}
