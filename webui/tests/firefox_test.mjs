// Firefox, beside Chromium, in which all other tests run: logging in, every page without a
// complaint, a change of a setting, logging out. TURNPIKE_PICTURES names a folder for pictures.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createMock } from '../dev/mock.mjs';
import { password } from './browser.mjs';
import { openFirefox } from './firefox.mjs';
import { pages } from './pages.mjs';

const tab = '\uE004';
const enter = '\uE007';
let mock;
let address;
let firefox;

before(async () => {
	mock = createMock();
	address = await mock.listen();
	firefox = await openFirefox();
});
after(async () => {
	await firefox?.close();
	await mock.close();
});

/** Until `condition` holds in the page; what it gives. */
const until = (condition, ...values) => firefox.run(`async (...values) => {
	for (const end = Date.now() + 30000; Date.now() < end; await new Promise((next) => setTimeout(next, 15))) {
		const found = (${condition})(...values);
		if (found)
			return found instanceof Node ? true : found;
	}
	throw new Error('waited 30 s for ' + ${JSON.stringify(String(condition))});
}`, ...values);

const press = (name) => until((wanted) => {
	const button = [...document.querySelectorAll('button, [role=menuitem]')].find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === wanted && !one.disabled);
	button?.click();
	return Boolean(button);
}, name);

async function visit(path) {
	await firefox.run((to) => {
		window.history.pushState(null, '', to);
		window.dispatchEvent(new PopStateEvent('popstate'));
	}, path);
	return until(() => !document.querySelector('.pf-v6-c-skeleton, .pf-v6-c-spinner') && document.querySelector('h1')?.textContent);
}

async function picture(name) {
	if (process.env.TURNPIKE_PICTURES)
		await firefox.picture(join(process.env.TURNPIKE_PICTURES, `firefox-${name}.png`));
}

test('Firefox logs in, opens every page, changes a setting and logs out', { timeout: 180_000 }, async () => {
	await firefox.go(address);
	await until(() => document.querySelector('#password'));
	await picture('login');
	await firefox.run(() => document.querySelector('input:not([type=hidden])').focus());
	await firefox.type(`admin${tab}${password}${enter}`);
	await until(() => document.querySelector('#navigation'));

	for (const { name, path, prepare } of pages) {
		if (prepare)
			continue;
		const title = await visit(path);
		const { headings, failed, wider } = await firefox.run(() => ({
			headings: document.querySelectorAll('h1').length,
			failed: [...document.querySelectorAll('.pf-v6-c-alert.pf-m-danger')].some((alert) => /could not be/.test(alert.textContent)),
			wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		}));
		assert.deepEqual({ headings, failed, wider }, { headings: 1, failed: false, wider: 0 }, `${name}: ${title}`);
		await picture(name);
		assert.deepEqual(firefox.complaints, [], name);
	}

	await visit('/system');
	await firefox.run(() => {
		const field = [...document.querySelectorAll('input')].find((one) => one.labels?.[0]?.textContent.includes('Host name'));
		field.focus();
		field.select();
	});
	await firefox.type('fox.example.org');
	await press('Save to the candidate');
	await until(() => !/not saved/.test(document.querySelector('#content').textContent));
	assert.equal(mock.store.candidate['turnpike-system:system']['host-name'], 'fox.example.org');
	await picture('saved');

	await press('Account admin');
	await press('Log out');
	await until(() => document.querySelector('#password'));
	await picture('logged-out');
	assert.deepEqual(firefox.complaints, []);
});
