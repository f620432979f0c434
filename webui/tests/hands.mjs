// What somebody meets who has no mouse, or a large magnification: controls that are cut off, the
// way of the Tab key through a page, dialogs and menus that open and close by keys.

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
		at: 0,
		roots,
	};
	return { count: found.length, faults: mouseOnly.map((element) => `${nameOf(element)} answers to the mouse alone`) };
}

/** Runs in the page after each Tab. */
function lookAtFocus() {
	const { expected, before, looks, nameOf, roots } = globalThis.tpWalk;
	const element = document.activeElement;
	if (!element || element === document.body || !roots.some((root) => root.contains(element)))
		return { left: true, faults: [] };
	const at = expected.indexOf(element);
	/* A box that scrolls takes the focus in Chromium when nothing in it does. */
	if (at < 0)
		return { left: false, faults: [] };
	const faults = [];
	if (at !== globalThis.tpWalk.at)
		faults.push(`${nameOf(element)} comes at ${at}, not ${nameOf(expected[globalThis.tpWalk.at] ?? element)}`);
	globalThis.tpWalk.at = at + 1;
	if (looks(element) === before[at])
		faults.push(`${nameOf(element)} does not show that it has the focus`);
	const box = (element.closest('.pf-v6-c-form-control') ?? element).getBoundingClientRect();
	const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
	const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
	const hit = document.elementFromPoint(x, y);
	if (!hit || !(element.contains(hit) || hit.contains(element) || [...(element.labels ?? [])].some((label) => label.contains(hit))))
		faults.push(`${nameOf(element)} is hidden behind ${hit ? nameOf(hit) : 'the edge of the window'} (${Math.round(x)}, ${Math.round(y)})`);
	return { left: false, faults };
}

/**
 * Tab from where the focus is through everything of `root`. What is wrong, in words: controls that
 * are not reached, come out of order, do not show the focus, or are hidden while they have it.
 */
export async function walk(page, root = '#content') {
	const { count, faults } = await page.evaluate(prepareWalk, root);
	let seen = 0;
	for (let presses = 0; presses < count + 20; presses++) {
		await page.keyboard.press('Tab');
		const step = await page.evaluate(lookAtFocus);
		faults.push(...step.faults);
		seen = await page.evaluate(() => globalThis.tpWalk.at);
		if (seen === count || (step.left && seen > 0))
			break;
	}
	if (seen < count)
		faults.push(await page.evaluate(() => `Tab ends before ${globalThis.tpWalk.nameOf(globalThis.tpWalk.expected[globalThis.tpWalk.at])}`));
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
