// Chromium for the tests: one browser, fresh contexts, and a list of everything
// that a console or a content security policy complained about.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axePath = require.resolve('axe-core/axe.min.js');

/** For the `skip` of tests that are too slow for each run: why not, or false by night. */
export const byNight = process.env.TP_NIGHTLY !== 'yes' && 'only with --nightly';

export const password = 'correct horse battery';

export async function openBrowser() {
	const profile = await mkdtemp(join(tmpdir(), 'turnpike-ui-'));
	const context = await chromium.launchPersistentContext(profile, {
		executablePath: process.env.TURNPIKE_CHROMIUM ?? '/usr/bin/chromium',
		ignoreHTTPSErrors: true,
		viewport: { width: 1440, height: 900 },
		args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
	context.setDefaultTimeout(30_000); // for machines with other things to do
	return {
		context,
		close: async () => {
			await context.close();
			await rm(profile, { recursive: true, force: true });
		},
	};
}

/** A page whose complaints are collected; expected failures of requests are left out. */
export async function openPage(context, { theme = 'light', width = 1440, height = 900 } = {}) {
	const page = await context.newPage();
	const complaints = [];
	await page.setViewportSize({ width, height });
	await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
	page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
	page.on('console', (message) => {
		if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
			complaints.push(`console: ${message.text()}`);
	});
	page.on('request', (request) => {
		if (request.url().startsWith('http') && page.url().startsWith('http') && new URL(request.url()).origin !== new URL(page.url()).origin)
			complaints.push(`request to another origin: ${request.url()}`);
	});
	await page.addInitScript(() => {
		// Colours are checked as they come to rest: a transition that begins later than we look
		// would show neither the old nor the new one.
		const still = new CSSStyleSheet();
		still.replaceSync('*, *::before, *::after { transition: none !important; }');
		document.adoptedStyleSheets = [still];
		document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
	});
	return { page, complaints };
}

export async function logIn(page, address, user = 'admin', secret = password) {
	await page.goto(address);
	await page.getByLabel('User name').fill(user);
	await page.locator('#password').fill(secret);
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.locator('#navigation').waitFor({ state: 'attached' });
}

/** Waits until the page has shown its data. */
export async function settle(page) {
	await page.locator('h1').first().waitFor();
	await page.waitForFunction(() => !document.querySelector('.pf-v6-c-skeleton, .pf-v6-c-spinner'));
	await page.waitForTimeout(150);
}

/** Another page of the application, as by a link: without loading everything anew. */
export async function visit(page, path) {
	await page.evaluate((to) => {
		window.history.pushState(null, '', to);
		window.dispatchEvent(new PopStateEvent('popstate'));
	}, path);
	await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.pf-v6-c-skeleton, .pf-v6-c-spinner'));
	await page.waitForTimeout(60);
	await page.waitForFunction(() => !document.querySelector('.pf-v6-c-skeleton, .pf-v6-c-spinner'));
}

/** `rules`: only these; all when left out. */
export async function axeViolations(page, rules) {
	// A colour half way through its transition is not what a person reads.
	await page.evaluate(() => Promise.all(document.getAnimations()
		.filter((a) => Number.isFinite(a.effect?.getComputedTiming().endTime))
		.map((a) => a.finished.catch(() => undefined))));
	await page.evaluate(await axeSource());
	return page.evaluate(async (only) => {
		// Preloading is for css-orientation-lock alone; at times it copies our style sheet into an
		// inline one, which the policy of the page refuses with a complaint that is not ours.
		const result = await window.axe.run(document, { preload: false, resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) });
		return result.violations.map((v) => `${v.id}: ${v.help} [${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}]`);
	}, rules);
}

let axeText;
async function axeSource() {
	axeText ??= await (await import('node:fs/promises')).readFile(axePath, 'utf8');
	return axeText;
}

/** By how many pixels the window, or the part of it that scrolls, is too narrow. */
export const overflow = (page) => page.evaluate(() => Math.max(...[document.documentElement, ...document.querySelectorAll('.pf-v6-c-page__main-container, .pf-v6-c-page__main')]
	.map((part) => part.scrollWidth - part.clientWidth)));
