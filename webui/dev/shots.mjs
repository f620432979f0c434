// npm run shots -- FOLDER [name …]: pictures of the pages, light and dark, wide and
// narrow, to be looked at by a person.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createMock } from './mock.mjs';
import { logIn, openBrowser, openPage, settle } from '../tests/browser.mjs';
import { pages } from '../tests/pages.mjs';

const [folder = 'shots', ...only] = process.argv.slice(2);
if (folder.startsWith('-')) {
	console.error('usage: npm run shots -- FOLDER [name …]');
	process.exit(2);
}
await mkdir(folder, { recursive: true });
const mock = createMock();
mock.store.candidate['turnpike-sip:sip'].tls = { port: 5062 };
mock.store.candidate['turnpike-system:system'].web = { port: 8443 };
mock.store.candidate['turnpike-zone:zones'].zone.push({ name: 'test-pbx', type: 'neighbor', transport: 'tcp', peer: [{ address: '10.20.9.9' }] });
const address = await mock.listen();
const browser = await openBrowser();
const looks = [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 390]].filter((look) => !process.env.LOOK || look.join('-') === process.env.LOOK);
for (const [theme, width] of looks) {
	const { page, complaints } = await openPage(browser.context, { theme, width, height: width < 500 ? 844 : 900 });
	await page.context().clearCookies();
	await page.goto(address);
	await settle(page);
	if (only.length === 0 || only.includes('login'))
		await page.screenshot({ path: join(folder, `login-${theme}-${width}.png`) });
	await logIn(page, address);
	for (const { name, path, prepare } of pages) {
		if (only.length > 0 && !only.includes(name))
			continue;
		await page.goto(address + path);
		await settle(page);
		await prepare?.(page);
		await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: false });
	}
	if (complaints.length > 0)
		console.log(theme, width, complaints);
	await page.close();
}
await browser.close();
await mock.close();
