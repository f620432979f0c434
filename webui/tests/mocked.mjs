// Pages before a mock of the appliance: what the tests of single pages start from.
import assert from 'node:assert/strict';
import { createMock } from '../dev/mock.mjs';
import { logIn, openBrowser, openPage } from './browser.mjs';

export async function openMocked(options) {
	const mock = createMock(options);
	const address = await mock.listen();
	const browser = await openBrowser();
	const { page, complaints } = await openPage(browser.context);
	page.on('dialog', (dialog) => dialog.accept());
	await logIn(page, address);
	return {
		mock,
		address,
		page,
		complaints,
		close: async () => {
			await browser.close();
			await mock.close();
		},
	};
}

/**
 * Runs `body` on a page of its own in `browser`, not logged in, before a mock as `options` say.
 * look: of openPage. Fails when the page complained.
 */
export async function withMocked(browser, options, body, look) {
	const mock = createMock(options);
	const address = await mock.listen();
	await browser.context.clearCookies();
	const { page, complaints } = await openPage(browser.context, look);
	try {
		await body({ mock, address, page });
		assert.deepEqual(complaints, []);
	} finally {
		await page.close();
		await mock.close();
	}
}
