// What somebody meets who has no mouse, or a large magnification: controls that are cut off, the
// way of the Tab key through a page, dialogs and menus that open and close by keys.
import { visit } from './browser.mjs';

/** Runs in the page: names of controls that are not wholly to be seen, even after scrolling down. */
export const clipped = (page) => page.evaluate(() => {
	const faults = [];
	const isHiddenFromEyes = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const style = getComputedStyle(at);
			if (style.clipPath !== 'none' || (style.clip !== 'auto' && style.position === 'absolute') || style.opacity === '0')
				return true;
		}
		return false;
	};
	/* A row of tabs scrolls by itself, and Tab brings each into view. */
	const scrollsSideways = (element) => {
		const list = element.closest('.pf-v6-c-tabs__list');
		return list !== null && /auto|scroll/.test(getComputedStyle(list).overflowX);
	};
	for (const element of document.querySelectorAll('a[href], button, input, select, textarea, [role=tab], [role=switch]')) {
		const box = element.getBoundingClientRect();
		if (!element.checkVisibility({ visibilityProperty: true }) || box.width === 0 || element.closest('#navigation, .pf-v6-c-skip-to-content') || scrollsSideways(element) || isHiddenFromEyes(element))
			continue;
		const name = `${element.tagName.toLowerCase()} “${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}${element.id ? `#${element.id}` : ''}”`;
		if (box.left < -1 || box.right > document.documentElement.clientWidth + 1)
			faults.push(`${name} stands from ${Math.round(box.left)} to ${Math.round(box.right)}`);
		for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
			const around = at.getBoundingClientRect();
			if (/hidden|clip/.test(getComputedStyle(at).overflowX) && (box.left < around.left - 2 || box.right > around.right + 2)) {
				faults.push(`${name} is cut by ${at.className}`);
				break;
			}
		}
	}
	return faults;
});

/** Runs in the page before the walk: what Tab has to reach, in order, and how each looks unfocused. */
function prepareWalk(rootSelector) {
	const looks = (element) => {
		const parts = [];
		for (let at = element, up = 0; at && up < 4; at = at.parentElement, up++) {
			for (const pseudo of [undefined, '::before', '::after']) {
				const style = getComputedStyle(at, pseudo);
				parts.push(style.outlineStyle === 'none' ? '' : `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`, style.boxShadow, style.borderColor, style.borderWidth, style.backgroundColor, style.textDecorationLine, style.color);
			}
		}
		return parts.join('|');
	};
	const roots = [...document.querySelectorAll(rootSelector)];
	const isReachable = (element) => element.tabIndex >= 0 && !element.disabled && !element.closest('[inert], [hidden]') && element.checkVisibility({ visibilityProperty: true });
	const found = roots.flatMap((root) => [...root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]).filter(isReachable)
		.filter((element) => {
			if (element.type !== 'radio')
				return true;
			const group = [...document.querySelectorAll(`input[type=radio][name="${CSS.escape(element.name)}"]`)];
			return (group.find((one) => one.checked) ?? group[0]) === element;
		});
	const nameOf = (element) => `${element.tagName.toLowerCase()} “${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}”${element.id ? `#${element.id}` : ''}`;
	const isControl = 'a[href], button, input, select, textarea, summary, label, [role=menuitem], [role=option], [role=tab]';
	const mouseOnly = roots.flatMap((root) => [...root.querySelectorAll('*')])
		.filter((element) => element.checkVisibility() && getComputedStyle(element).cursor === 'pointer' && !element.closest(isControl) && !element.querySelector(isControl));
	globalThis.tpWalk = {
		expected: found,
		before: found.map(looks),
		looks,
		nameOf,
		next: found.indexOf(document.activeElement) + 1,
		seen: new Set(),
		roots,
	};
	/* Where the walk begins needs no Tab to get there. */
	if (found.includes(document.activeElement))
		globalThis.tpWalk.seen.add(document.activeElement);
	return { count: found.length, faults: mouseOnly.map((element) => `${nameOf(element)} answers to the mouse alone`) };
}

/** Runs in the page after each Tab. */
function lookAtFocus() {
	const { expected, before, looks, nameOf, roots } = globalThis.tpWalk;
	const element = document.activeElement;
	if (!element || element === document.body || !roots.some((root) => root.contains(element)))
		return { left: true, seen: globalThis.tpWalk.seen.size, faults: [] };
	const at = expected.indexOf(element);
	/* A box that scrolls takes the focus in Chromium when nothing in it does. */
	if (at < 0)
		return { left: false, seen: globalThis.tpWalk.seen.size, faults: [] };
	const faults = [];
	const { next, seen } = globalThis.tpWalk;
	if (at !== next % expected.length)
		faults.push(`${nameOf(element)} comes at ${at}, not ${nameOf(expected[next % expected.length])}`);
	globalThis.tpWalk.next = at + 1;
	seen.add(element);
	if (looks(element) === before[at])
		faults.push(`${nameOf(element)} does not show that it has the focus`);
	const box = (element.closest('.pf-v6-c-form-control') ?? element).getBoundingClientRect();
	const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
	const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
	const hit = document.elementFromPoint(x, y);
	if (!hit || !(element.contains(hit) || hit.contains(element) || [...(element.labels ?? [])].some((label) => label.contains(hit))))
		faults.push(`${nameOf(element)} is hidden behind ${hit ? nameOf(hit) : 'the edge of the window'} (${Math.round(x)}, ${Math.round(y)})`);
	return { left: false, seen: globalThis.tpWalk.seen.size, faults };
}

/**
 * Tab from where the focus is through everything of `root`, in a dialog round and round. What is wrong, in words: controls that
 * are not reached, come out of order, do not show the focus, or are hidden while they have it.
 */
export async function walk(page, root = '#content') {
	const { count, faults } = await page.evaluate(prepareWalk, root);
	let seen = 0;
	for (let presses = 0; presses < count + 20 && seen < count; presses++) {
		await page.keyboard.press('Tab');
		const step = await page.evaluate(lookAtFocus);
		faults.push(...step.faults);
		seen = step.seen;
		if (step.left && seen > 0)
			break;
	}
	if (seen < count)
		faults.push(...await page.evaluate(() => globalThis.tpWalk.expected.filter((one) => !globalThis.tpWalk.seen.has(one)).map((one) => `Tab does not reach ${globalThis.tpWalk.nameOf(one)}`)));
	return faults;
}

/** Puts the focus before everything. */
export const rewind = (page) => page.evaluate(() => {
	document.body.tabIndex = -1;
	document.body.focus();
	document.body.removeAttribute('tabindex');
});

/** The skip link is the first thing that Tab reaches, is seen then, and leads to the page. */
export async function skip(page) {
	const faults = [];
	await rewind(page);
	await page.keyboard.press('Tab');
	const first = await page.evaluate(() => {
		const box = document.activeElement.getBoundingClientRect();
		return { text: document.activeElement.textContent, seen: box.top >= 0 && box.left >= 0 && box.width > 20 };
	});
	if (first.text !== 'Skip to content' || !first.seen)
		faults.push(`Tab begins with “${first.text}”, ${first.seen ? 'seen' : 'not seen'}`);
	await page.keyboard.press('Enter');
	if (!await page.evaluate(() => document.activeElement?.id === 'content'))
		faults.push('the skip link does not lead to the page');
	return faults;
}

/* -------------------------------------------------- buttons, and what they open */

/**
 * Runs in the page: what somebody can press in `root`, of those called alike two at most. With
 * `wanted`, one of the list, the focus goes there, and the answer is whether there was one.
 */
function presentButtons({ root, wanted }) {
	const counts = new Map();
	const found = [];
	const nameOf = (element) => element.getAttribute('aria-label') ?? (element.textContent.trim() || element.labels?.[0]?.textContent.trim() || element.id);
	for (const element of document.querySelectorAll(`:is(${root}) :is(button, select, input[type=checkbox], input[type=radio])`)) {
		if (element.disabled || element.ariaDisabled === 'true' || !element.checkVisibility({ visibilityProperty: true }))
			continue;
		const name = nameOf(element).slice(0, 80);
		const kind = `${element.tagName} ${element.type} ${element.role} ${name.split(/[\s,]/)[0]}`;
		const at = (counts.get(kind) ?? 0) + 1;
		counts.set(kind, at);
		if (wanted?.kind === kind && wanted.at === at) {
			element.focus();
			return true;
		}
		if (at <= 2)
			found.push({ name, kind, at, how: element.tagName === 'SELECT' ? 'ArrowDown' : element.type === 'checkbox' || element.type === 'radio' ? 'Space' : 'Enter' });
	}
	return wanted ? false : found;
}

const whatOpened = () => {
	const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
	const at = document.activeElement;
	return {
		dialog: [...document.querySelectorAll('[role=dialog]')].some(isSeen),
		menu: [...document.querySelectorAll('[role=menu]')].some(isSeen),
		focus: (at?.getAttribute('aria-label') ?? (at?.textContent.trim() || at?.labels?.[0]?.textContent.trim() || at?.id))?.slice(0, 80),
		inside: Boolean(at?.closest('[role=dialog], [role=menu]')),
		path: location.pathname + location.search,
	};
};

/**
 * Presses everything of the page at `path`, one after the other, by the keyboard: what dialogs and
 * menus do wrong, in words. With `deep` also what stands in those dialogs and menus.
 */
export async function pressEverything(page, path, { deep = false } = {}) {
	const faults = [];
	const look = async () => {
		await page.waitForTimeout(40);
		return page.evaluate(whatOpened);
	};
	const press = async (root, button) => {
		if (!await page.evaluate(presentButtons, { root, wanted: button }))
			return null;
		await page.keyboard.press(button.how);
		return look();
	};
	const closeDialog = async (opener) => {
		await page.keyboard.press('Escape');
		const closed = await look();
		if (closed.dialog)
			faults.push(`Escape does not close what “${opener}” opened`);
		else if (closed.focus !== opener)
			faults.push(`closing what “${opener}” opened leaves the focus on “${closed.focus}”`);
		return !closed.dialog;
	};
	const tryDialog = async (root, button, opened) => {
		if (!opened.inside)
			faults.push(`what “${button.name}” opened has not the focus, but “${opened.focus}”`);
		faults.push(...(await walk(page, '[role=dialog]')).map((fault) => `in what “${button.name}” opened: ${fault}`));
		for (const inner of deep ? await page.evaluate(presentButtons, { root: '[role=dialog]' }) : []) {
			const after = await press('[role=dialog]', inner);
			if (after && !after.dialog)
				await press(root, button);
		}
		return await closeDialog(button.name);
	};
	const tryMenu = async (root, button) => {
		const items = await page.evaluate(() => [...document.querySelectorAll('[role=menu] [role=menuitem]')].filter((one) => !one.disabled && one.ariaDisabled !== 'true').map((one) => one.textContent));
		await page.keyboard.press('Escape');
		const closed = await look();
		if (closed.menu || closed.focus !== button.name)
			faults.push(`Escape leaves the menu of “${button.name}” ${closed.menu ? 'open' : `with the focus on “${closed.focus}”`}`);
		for (const item of items) {
			if (!(await press(root, button))?.menu)
				continue;
			await page.locator('[role=menu] [role=menuitem]', { hasText: item }).first().focus();
			await page.keyboard.press('Enter');
			const opened = await look();
			if (opened.dialog)
				await tryDialog(root, button, opened);
			else if (opened.path !== path)
				await visit(page, path);
		}
	};

	await visit(page, path);
	for (const button of await page.evaluate(presentButtons, { root: '#content' })) {
		let opened = await press('#content', button);
		if (!opened) {
			await visit(page, '/no/such/page');
			await visit(page, path);
			opened = await press('#content', button);
		}
		if (opened?.dialog && !await tryDialog('#content', button, opened))
			await page.reload();
		else if (opened?.menu)
			await tryMenu('#content', button);
		if (await page.evaluate(() => location.pathname + location.search) !== path)
			await visit(page, path);
	}
	return faults;
}
