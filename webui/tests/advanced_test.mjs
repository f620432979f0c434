// Advanced account security: presets side by side, the way into the mode, the classification on
// every page, the way out.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { axeViolations, logIn, openPage, overflow, settle } from './browser.mjs';
import { openMocked } from './mocked.mjs';

let mock;
let address;
let page;
let complaints;
let close;

before(async () => {
	({ mock, address, page, complaints, close } = await openMocked({ past: true }));
});
after(() => close());

async function visit(path) {
	await page.goto(address + path);
	await settle(page);
}

const accessible = async () => assert.deepEqual(await axeViolations(page), [], page.url());
const access = (tree) => (tree['turnpike-access:access'] ??= {});
const row = (name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

test('the two presets stand side by side, and each deviation is told in words', async () => {
	await visit('/presets');
	await row('Least length').getByText('12 characters').first().waitFor();
	await row('Least length').getByText('15 characters').waitFor();
	await row('Least length').getByText('V-202057').waitFor();
	assert.equal(await row('Least length').getByText('Deviates').count(), 1);
	assert.equal(await row('Earlier passwords').count(), 1);
	await page.getByText('Write the notice of your organisation.').waitFor();
	await accessible();
	await page.getByLabel('Only deviations').check();
	assert.equal(await row('Earlier passwords').count(), 0);
	assert.equal(await row('Least length').count(), 1);
	await accessible();
});

test('one value, and then all, go into the candidate; what cannot is named with its reason', async () => {
	await visit('/presets');
	await page.getByRole('button', { name: 'Put DISA’s Least length into the candidate' }).click();
	await page.getByText('1 DISA value put into the candidate').waitFor();
	assert.equal(access(mock.store.candidate)['password-policy']['minimum-length'], 15);
	assert.equal(access(mock.store.running)['password-policy'], undefined);
	await row('Least length').getByText('Candidate', { exact: true }).waitFor();
	await page.getByRole('button', { name: 'Put the DISA values into the candidate' }).click();
	await page.getByText('values need something else first').waitFor();
	await page.getByRole('link', { name: 'Notice before the login › Show a notice: On' }).waitFor();
	await page.getByText('Write the text of the notice first.').waitFor();
	assert.equal(access(mock.store.candidate)['password-policy']['minimum-changed'], 8);
	await accessible();
	await page.getByRole('link', { name: 'review and commit' }).click();
	await page.getByRole('heading', { name: 'Changes and history' }).waitFor();
	mock.store.candidate = structuredClone(mock.store.running);
});

test('row_135: each prerequisite has its state, and leads to where it is met', async () => {
	await visit('/advanced');
	const list = page.getByRole('list', { name: 'Prerequisites' });
	assert.equal(await list.getByText('Not yet').count(), 8);
	assert.ok(await page.getByRole('button', { name: 'Turn it on, on trial' }).isDisabled());
	await accessible();
	await page.getByLabel('Emergency account').selectOption('ministry-it');
	assert.equal(await page.getByLabel('Emergency account').getByRole('option', { name: 'admin' }).count(), 0);
	await page.getByLabel('Text', { exact: true }).fill('SECRET');
	await page.getByLabel('Colour').selectOption('red');
	assert.equal(await page.getByRole('region', { name: 'Preview of the classification' }).evaluate((bar) => getComputedStyle(bar).backgroundColor), 'rgb(200, 16, 46)');
	await page.getByRole('button', { name: 'Save to the candidate' }).click();
	await page.getByText('Saved to the candidate').waitFor();
	Object.assign(access(mock.store.candidate), { login: { source: 'remote' }, ldap: { enabled: true, server: [{ host: 'ldap.example.org' }] }, group: [{ name: 'admins', level: 'read-write' }] });
	await visit('/advanced');
	assert.equal(await page.getByRole('list', { name: 'Prerequisites' }).getByText('Not yet').count(), 0);
	await list.getByText('Yes').first().waitFor();
	await accessible();
});

test('row_133, row_134: it is turned on on trial, and the classification stands on every page', async () => {
	assert.equal(await page.getByRole('region', { name: 'Classification', exact: true }).count(), 0);
	await page.getByLabel('Time to confirm').selectOption('300');
	await page.getByRole('button', { name: 'Turn it on, on trial' }).click();
	await page.getByText(/Revision \d+ is on trial/).waitFor();
	assert.equal(access(mock.store.running).advanced.enabled, true);
	for (const name of ['Classification', 'Classification, once more'])
		assert.equal(await page.getByRole('region', { name, exact: true }).textContent(), 'SECRET');
	await page.getByRole('button', { name: 'Confirm and keep' }).click();
	await page.getByText(/Revision \d+ is on trial/).waitFor({ state: 'detached' });
	await accessible();
	await page.getByRole('link', { name: 'Changes and history' }).click();
	await page.getByRole('heading', { name: 'Changes and history' }).waitFor();
	await page.getByRole('region', { name: 'Classification', exact: true }).waitFor();
});

test('row_134: every colour can be read on the login page, light and dark, and at 320 pixels', async () => {
	const { page: other } = await openPage(page.context(), { width: 320, height: 640 });
	const long = 'TOP SECRET//SI/TK//NOFORN & a long list of what else has to be said about whatever is shown on these pages here, for everybody';
	for (const colour of ['green', 'blue', 'red', 'orange', 'yellow', 'purple', 'white', 'black']) {
		access(mock.store.running).advanced.classification = { text: long, colour };
		for (const colorScheme of ['light', 'dark']) {
			await other.context().clearCookies();
			await other.emulateMedia({ colorScheme });
			await other.goto(address);
			await settle(other);
			assert.deepEqual(await axeViolations(other), [], `${colour} ${colorScheme}`);
			assert.ok(await overflow(other) <= 0, colour);
		}
	}
	assert.equal(await other.getByRole('region', { name: 'Classification', exact: true }).textContent(), long);
	/* Nothing lies below a bar: neither the page's end nor a dialog. */
	const [top, bottom] = await other.locator('.tp-class').evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect()));
	const between = await other.locator('.tp-classified-page').evaluate((part) => part.getBoundingClientRect());
	assert.ok(between.top >= top.bottom && between.bottom <= bottom.top && bottom.bottom <= 640);
	await logIn(other, address);
	await other.getByRole('button', { name: /admin/ }).last().click();
	await other.getByRole('menuitem', { name: /password/i }).click();
	const box = await other.getByRole('dialog').evaluate((part) => part.getBoundingClientRect());
	assert.ok(box.top >= top.bottom && box.bottom <= bottom.top, 'the dialog stands between the bars');
	await other.close();
});

test('row_134: the pages that the server makes itself have the same colours', async () => {
	const read = (path) => readFile(new URL(path, import.meta.url), 'utf8');
	const colours = (text, rule) => [...text.matchAll(rule)].map(([, name, back, front]) => `${name} ${back} ${front}`);
	const server = colours(await read('../../server/admin/http/page.c'), /"\.(\w+)\{background:(#\w+);color:(#\w+)\}"/g);
	assert.equal(server.length, 8);
	assert.deepEqual(server, colours(await read('../src/app.css'), /\.tp-class-(\w+) \{ background: (#\w+); color: (#\w+); \}/g));
});

test('row_134: a page that is open shows another classification when it comes into force', async () => {
	await visit('/');
	access(mock.store.running).advanced.classification = { text: 'CONFIDENTIAL', colour: 'blue' };
	mock.store.record('ministry-it', 'Another classification', 'committed', 1);
	await page.getByRole('region', { name: 'Classification', exact: true }).getByText('CONFIDENTIAL').waitFor();
});

test('row_134: it is printed with its colour', async () => {
	await visit('/');
	await page.emulateMedia({ media: 'print' });
	for (const bar of await page.locator('.tp-class').all())
		assert.deepEqual(await bar.evaluate((part) => [part.checkVisibility(), getComputedStyle(part).printColorAdjust]), [true, 'exact']);
	await page.emulateMedia({ media: null });
});

test('row_144, row_145: the lockout is shown and released, and logins before are told', async () => {
	Object.assign(mock.mode.lockout, { blocked: true, failures: 3, until_ms: Date.now() + 60_000 });
	await visit('/advanced');
	await page.getByText('Nobody can log in').waitFor();
	await page.getByText('2 logins failed since').waitFor();
	await accessible();
	await page.getByRole('button', { name: 'Release the login' }).click();
	await page.getByText('No login failed in a row.').waitFor();
});

test('row_136: what is recommended and is not so leads to its page', async () => {
	const list = page.getByRole('list', { name: 'Recommended settings' });
	await list.getByText('No', { exact: true }).waitFor();
	await list.getByRole('link', { name: 'Go there' }).click();
	await page.getByRole('heading', { name: 'Certificate login', level: 1 }).waitFor();
});

test('row_149: the emergency account alone leaves, after it has typed the host name', async () => {
	await visit('/advanced');
	const leave = page.getByRole('button', { name: 'Wipe everything' });
	assert.ok(await leave.isDisabled());
	await page.getByText('Only the emergency account').waitFor();
	access(mock.store.running).advanced['emergency-account'] = 'admin';
	await visit('/advanced');
	await page.getByLabel('Host name of this appliance').fill('edge.example.org');
	assert.ok(await leave.isDisabled());
	await page.getByLabel('Host name of this appliance').fill('core.example.org');
	await accessible();
	await leave.click();
	await page.getByText('The appliance is being wiped').waitFor();
	assert.equal(mock.mode.left, 'core.example.org');
	assert.deepEqual(complaints, []);
});
