// Firefox for a test: Debian's own, headless, with a profile of its own, driven by WebDriver BiDi
// over a web socket, as playwright-core drives only a Firefox that it has patched.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

/** Nothing but the page that is tested goes out. */
const preferences = {
	'remote.active-protocols': 1,
	'app.normandy.enabled': false,
	'app.update.disabledForTesting': true,
	'browser.aboutwelcome.enabled': false,
	'browser.newtabpage.enabled': false,
	'browser.region.network.url': '',
	'browser.safebrowsing.downloads.remote.enabled': false,
	'browser.safebrowsing.malware.enabled': false,
	'browser.safebrowsing.phishing.enabled': false,
	'browser.search.update': false,
	'browser.shell.checkDefaultBrowser': false,
	'browser.startup.page': 0,
	'browser.startup.homepage_override.mstone': 'ignore',
	'datareporting.policy.dataSubmissionEnabled': false,
	'extensions.systemAddon.update.enabled': false,
	'extensions.update.enabled': false,
	'media.gmp-manager.updateEnabled': false,
	'network.captive-portal-service.enabled': false,
	'network.connectivity-service.enabled': false,
	'network.dns.disablePrefetch': true,
	'services.settings.server': 'http://127.0.0.1:9/none',
	'signon.rememberSignons': false,
	'toolkit.telemetry.enabled': false,
	'ui.prefersReducedMotion': 1,
};

const startSeconds = 60;

/** The address that Firefox says it listens at, in its first lines. */
function listening(child) {
	return new Promise((found, failed) => {
		const late = setTimeout(() => failed(new Error(`Firefox did not start within ${startSeconds} s`)), startSeconds * 1000);
		child.once('error', failed);
		child.once('exit', (code) => failed(new Error(`Firefox ended with ${code}`)));
		createInterface({ input: child.stderr }).on('line', (line) => {
			const said = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
			if (said) {
				clearTimeout(late);
				found(said[1]);
			}
		});
	});
}

/** Commands of WebDriver BiDi, answered in any order. */
async function connect(address, onEvent) {
	const socket = new WebSocket(`${address}/session`, { perMessageDeflate: false });
	const waiting = new Map();
	let last = 0;
	await new Promise((opened, failed) => socket.once('open', opened).once('error', failed));
	socket.on('message', (data) => {
		const message = JSON.parse(data);
		if (message.type === 'event')
			onEvent(message);
		else if (waiting.has(message.id)) {
			const { answered, failed } = waiting.get(message.id);
			waiting.delete(message.id);
			if (message.type === 'success')
				answered(message.result);
			else
				failed(new Error(`${message.error}: ${message.message}`));
		}
	});
	socket.on('close', () => {
		for (const { failed } of waiting.values())
			failed(new Error('Firefox is gone'));
	});
	return {
		ask: (method, params = {}) => new Promise((answered, failed) => {
			waiting.set(++last, { answered, failed });
			socket.send(JSON.stringify({ id: last, method, params }));
		}),
		close: () => socket.terminate(),
	};
}

/** One window, and a list of everything that its console complained about. */
export async function openFirefox({ width = 1440, height = 900 } = {}) {
	const profile = await mkdtemp(join(tmpdir(), 'turnpike-firefox-'));
	await writeFile(join(profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(''));
	const child = spawn(process.env.TURNPIKE_FIREFOX ?? '/usr/bin/firefox-esr', ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
		{ stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile, MOZ_HEADLESS: '1' } });
	const ended = new Promise((done) => child.once('close', done));
	const complaints = [];
	try {
		const bidi = await connect(await listening(child), ({ method, params }) => {
			if (method === 'log.entryAdded' && params.level === 'error')
				complaints.push(`${params.type}: ${params.text}`);
		});
		await bidi.ask('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
		await bidi.ask('session.subscribe', { events: ['log.entryAdded'] });
		await bidi.ask('script.addPreloadScript', { functionDeclaration: `() => document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))` });
		const { contexts: [{ context }] } = await bidi.ask('browsingContext.getTree');
		await bidi.ask('browsingContext.setViewport', { context, viewport: { width, height } });
		return {
			complaints,
			go: (url) => bidi.ask('browsingContext.navigate', { context, url, wait: 'complete' }),
			/** What a function gives that runs in the page, with plain values as its arguments. */
			run: async (body, ...values) => {
				const expression = `(async () => JSON.stringify(await (${body})(...${JSON.stringify(values)})) ?? 'null')()`;
				const answer = await bidi.ask('script.evaluate', { expression, target: { context }, awaitPromise: true });
				if (answer.type === 'exception')
					throw new Error(answer.exceptionDetails.text);
				return JSON.parse(answer.result.value);
			},
			/** Keys as a person types them, where the focus is. */
			type: (text) => bidi.ask('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions: [...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) }] }),
			picture: async (path) => writeFile(path, Buffer.from((await bidi.ask('browsingContext.captureScreenshot', { context })).data, 'base64')),
			close: async () => {
				bidi.close();
				child.kill('SIGTERM');
				await ended;
				await rm(profile, { recursive: true, force: true });
			},
		};
	} catch (error) {
		child.kill('SIGKILL');
		await ended;
		await rm(profile, { recursive: true, force: true });
		throw error;
	}
}
