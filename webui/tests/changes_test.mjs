// The way of a change: edit, see the difference, commit, confirm or undo; and what is
// wrong is said at its field.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { axeViolations, logIn, openBrowser, openPage, settle } from './browser.mjs';

let mock;
let address;
let browser;
let page;
let complaints;

before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

beforeEach(async () => {
	mock = createMock();
	address = await mock.listen();
	await browser.context.clearCookies();
	({ page, complaints } = await openPage(browser.context));
	await logIn(page, address);
});
afterEach(async () => {
	assert.deepEqual(complaints, []);
	await page.close();
	await mock.close();
});

const open = async (path) => {
	await page.goto(address + path);
	await settle(page);
};
const text = (label) => page.getByRole('textbox', { name: label }).first();
const save = () => page.getByRole('button', { name: 'Save to the candidate' }).click();
const review = () => page.getByRole('button', { name: /^Review changes/ }).click();

test('a risky change goes on trial, shows on every page, and is confirmed', { timeout: 30_000 }, async () => {
	await open('/system');
	await page.getByLabel('Sessions at once').fill('40');
	await save();
	await page.getByText('Saved to the candidate').waitFor();
	await review();
	await settle(page);
	const row = page.getByRole('row', { name: /Sessions at once/ });
	assert.match(await row.textContent(), /40/);
	assert.ok(await page.locator('#guarded').isChecked(), 'the safety net is on for what can lock people out');
	await page.getByLabel('Comment').fill('Fewer at once');
	await page.getByRole('button', { name: 'Commit' }).click();
	await page.getByText(/is on trial: 4:5\d left|is on trial: 5:00 left/).waitFor();
	assert.deepEqual(await axeViolations(page), []);
	await open('/zones');
	await page.getByRole('button', { name: 'Confirm and keep' }).click();
	await page.locator('.tp-trial').waitFor({ state: 'detached' });
	assert.equal(mock.store.trial, null);
	assert.equal(mock.store.running['turnpike-system:system'].web['session-max'], 40);
	assert.equal(mock.store.revisions.at(-1).comment, 'Fewer at once');
});

test('a trial is undone on demand', { timeout: 30_000 }, async () => {
	await open('/system');
	await page.getByLabel('HTTPS port').fill('8443');
	await save();
	await review();
	await page.getByRole('button', { name: 'Commit' }).click();
	assert.equal(await page.getByRole('link', { name: /Go on at/ }).getAttribute('href'), 'https://127.0.0.1:8443/', 'this page has moved');
	await page.getByRole('button', { name: 'Undo now' }).click();
	await page.locator('.tp-trial').waitFor({ state: 'detached' });
	assert.equal(mock.store.running['turnpike-system:system'].web, undefined);
});

test('what is wrong is said at the field, before and after asking the server', async () => {
	await open('/sip');
	const port = page.getByLabel('Port').nth(2);
	await port.fill('80');
	await save();
	await page.getByText('A port to listen on is a number from 1024 to 65534.').waitFor();
	assert.ok(await port.evaluate((field) => field === document.activeElement), 'the faulty field has the focus');
	await port.fill('5060');
	await save();
	await page.getByText('SIP over TCP has this TCP port already.').waitFor();
	assert.deepEqual(await axeViolations(page), []);
	await review();
	await page.getByText('1 problem to mend before the commit').waitFor();
	assert.ok(await page.getByRole('button', { name: 'Commit' }).isDisabled());
	await page.getByRole('link', { name: 'Go to the setting' }).click();
	await page.getByRole('heading', { name: 'SIP', exact: true }).waitFor();
});

test('a zone is created with its password, edited, and deleted', { timeout: 30_000 }, async () => {
	await open('/zones/new');
	await text('Name').fill('second-edge');
	await page.getByLabel('Type').selectOption('traversal-client');
	await page.getByRole('button', { name: 'Add' }).click();
	await page.getByLabel('Address, row 1').fill('192.0.2.77');
	await page.getByLabel('User name').fill('core');
	await text('Password').fill('between us');
	await save();
	await page.getByText('A traversal zone needs the name').waitFor();
	await page.getByText('It is saved to the candidate').waitFor();
	assert.ok(await text('Name').evaluate((field) => field.readOnly), 'a saved entry keeps its name');
	await page.getByLabel('Certificate name').fill('edge2.example.org');
	await save();
	await page.getByRole('heading', { name: 'Zones' }).waitFor();
	await page.getByText('Not committed').waitFor();
	const entry = () => mock.store.candidate['turnpike-zone:zones'].zone.find((zone) => zone.name === 'second-edge');
	assert.deepEqual(entry(), { name: 'second-edge', type: 'traversal-client', peer: [{ address: '192.0.2.77' }], 'verify-name': 'edge2.example.org', user: 'core', password: 'between us' });

	await open('/zones/second-edge/edit');
	assert.equal(await text('Password').inputValue(), '', 'a stored secret is not shown');
	await page.getByLabel('Hop count').fill('30');
	await save();
	await page.getByRole('heading', { name: 'second-edge' }).waitFor();
	assert.equal(entry()['hop-count'], 30);
	assert.equal(entry().password, 'between us', 'the secret is kept');

	await page.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('heading', { name: 'Zones' }).waitFor();
	assert.equal(entry(), undefined);
});

test('a form asks only for what applies', async () => {
	await open('/zones/new');
	const shown = (label) => page.getByLabel(label).isVisible();
	await page.getByRole('combobox', { name: 'Type' }).selectOption('traversal-server');
	assert.ok(await shown('Listening port'));
	assert.ok(!await shown('Monitor peers'));
	assert.equal(await page.getByRole('button', { name: 'Add' }).count(), 0, 'no peers to dial');
	await page.getByRole('combobox', { name: 'Type' }).selectOption('neighbor');
	assert.ok(!await shown('Listening port'));
	assert.ok(await shown('Monitor peers'));
	assert.equal(await page.getByRole('button', { name: 'Add' }).count(), 1);
});

test('a rule is switched off in the list, and the change is discarded', async () => {
	await open('/rules');
	await page.getByLabel('Rule to-carrier enabled').click({ force: true });
	await review();
	await page.getByRole('row', { name: /to-carrier/ }).waitFor();
	await page.getByRole('button', { name: 'Discard all changes' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
	await page.getByText('No pending changes').waitFor();
});

test('an account is added in a dialog', async () => {
	await open('/registrar');
	await page.getByRole('button', { name: 'Add' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByRole('textbox', { name: 'Name' }).fill('carol');
	await dialog.getByRole('textbox', { name: 'Password' }).fill('six blue doors');
	assert.deepEqual(await axeViolations(page), []);
	await dialog.getByRole('button', { name: 'Save to the candidate' }).click();
	await dialog.waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'carol' }).waitFor();
});

test('any two revisions are compared, and an old one restored', async () => {
	await open('/changes/history');
	await page.getByRole('checkbox').nth(0).check();
	await page.getByRole('checkbox').nth(2).check();
	await page.getByRole('button', { name: 'Compare 2 with 4' }).click();
	await page.getByRole('heading', { name: 'Revision 2 to 4' }).waitFor();
	await page.getByRole('grid', { name: 'Differences' }).waitFor();
	await open('/changes/history');
	await page.getByRole('row', { name: /First-run wizard/ }).getByRole('button').click();
	await page.getByRole('menuitem', { name: 'Restore…' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Restore to the candidate' }).click();
	await page.getByRole('grid', { name: 'Pending changes' }).waitFor();
	assert.deepEqual(Object.keys(mock.store.candidate).sort(), ['turnpike-system:system', 'turnpike-tls:tls', 'turnpike-zone:zones']);
});

test('a call is ended after a question', async () => {
	await open('/calls/live/500001');
	await page.getByRole('button', { name: 'End call' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'End call' }).click();
	await page.getByRole('grid', { name: 'Live calls' }).waitFor();
	assert.ok(!mock.fleet.calls.some((call) => call.id === '500001'));
});
