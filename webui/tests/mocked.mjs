// A page, logged in, before a mock of the appliance: what the tests of single pages start from.
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
