// The secure traversal test: only on a core, filled from the zone, and each step told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { axeViolations, logIn, openBrowser, openPage, settle } from './browser.mjs';

let browser;
before(async () => {
	browser = await openBrowser();
});
after(() => browser.close());

async function withPage(options, body, look) {
	const mock = createMock(options);
	const address = await mock.listen();
	await browser.context.clearCookies();
	const { page, complaints } = await openPage(browser.context, look);
	await logIn(page, address);
	await body(page, address, mock);
	assert.deepEqual(complaints, []);
	await page.close();
	await mock.close();
}

const run = (page) => page.getByRole('button', { name: 'Run the test' }).click();

test('a good edge: the form knows the zone, and every step is good', () => withPage({}, async (page, address) => {
	await page.goto(`${address}/zones/edge`);
	await settle(page);
	await page.getByRole('button', { name: 'Test the way' }).click();
	await page.getByRole('heading', { name: 'Secure traversal test', level: 1 }).waitFor();
	assert.equal(await page.getByLabel('Port').inputValue(), '7001');
	assert.notEqual(await page.getByLabel('Address of the edge').inputValue(), '');
	assert.equal(await page.getByLabel('Verify name of this core').inputValue(), 'core.example.org');
	await run(page);
	await page.getByText(/The way to the edge is good$/).waitFor();
	const steps = page.getByRole('list', { name: 'Steps of the test' }).getByRole('listitem');
	assert.equal(await steps.count(), 9);
	assert.equal(await page.getByText('What to do:').count(), 0);
	assert.deepEqual(await axeViolations(page), []);
}));

for (const theme of ['light', 'dark'])
	test(`a fault is told with what to do, ${theme}`, () => withPage({}, async (page, address) => {
		await page.goto(`${address}/traversal-test`);
		await settle(page);
		await page.getByLabel('Address of the edge').fill('wrong.example.org');
		await run(page);
		await page.getByText('The traversal link cannot come up like this').waitFor();
		const failed = page.getByRole('listitem').filter({ hasText: 'What the edge says of this core' });
		assert.match(await failed.textContent(), /Failed.*name does not match.*What to do:.*verify name/s);
		assert.match(await page.getByRole('listitem').filter({ hasText: 'Clocks' }).textContent(), /Look at this.*600 s ahead/s);
		await settle(page);
		assert.deepEqual(await axeViolations(page), []);
	}, { theme }));

test('what is missing is said at its field, and nothing is sent', () => withPage({}, async (page, address) => {
	await page.goto(`${address}/traversal-test`);
	await settle(page);
	await page.getByLabel('Address of the edge').fill('');
	await page.getByLabel('Port').fill('70000');
	await run(page);
	await page.getByText('Enter the name or the IP address of the edge.').waitFor();
	await page.getByText('A port is a number from 1 to 65535.').waitFor();
	assert.equal(await page.getByRole('list', { name: 'Steps of the test' }).count(), 0);
}));

test('nothing runs off a screen of 320 pixels', () => withPage({}, async (page, address) => {
	await page.goto(`${address}/traversal-test`);
	await settle(page);
	await page.getByLabel('Address of the edge').fill('wrong.example.org');
	await run(page);
	await page.getByRole('list', { name: 'Steps of the test' }).waitFor();
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page scrolls sideways');
}, { width: 320, height: 700 }));

test('an edge has neither the page nor its line in the navigation', () => withPage({ role: 'edge' }, async (page, address) => {
	await page.goto(`${address}/traversal-test`);
	await settle(page);
	await page.getByText('This is an edge').waitFor();
	assert.equal(await page.locator('#navigation').getByRole('link', { name: 'Traversal test' }).count(), 0);
}));
