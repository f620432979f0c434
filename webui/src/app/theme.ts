// Light or dark: follows the system unless the person chose one.
import { useEffect, useState } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'turnpike-theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');

function stored(): ThemeChoice {
	try {
		const value = window.localStorage.getItem(key);
		return value === 'light' || value === 'dark' ? value : 'system';
	} catch {
		return 'system';
	}
}

export function applyTheme(choice: ThemeChoice = stored()): void {
	const isDark = choice === 'dark' || (choice === 'system' && dark.matches);
	document.documentElement.classList.toggle('pf-v6-theme-dark', isDark);
}

/** One choice for the whole page, whichever menu it was made in. */
const chosen = new EventTarget();

export function useTheme(): [ThemeChoice, (choice: ThemeChoice) => void] {
	const [choice, setChoice] = useState(stored);
	useEffect(() => {
		const update = () => applyTheme(choice);
		const onChosen = (event: Event) => setChoice((event as CustomEvent<ThemeChoice>).detail);
		update();
		dark.addEventListener('change', update);
		chosen.addEventListener('chosen', onChosen);
		return () => {
			dark.removeEventListener('change', update);
			chosen.removeEventListener('chosen', onChosen);
		};
	}, [choice]);
	const choose = (next: ThemeChoice) => {
		try {
			window.localStorage.setItem(key, next);
		} catch {
			// Storage may be switched off; the choice then lasts for this page.
		}
		chosen.dispatchEvent(new CustomEvent('chosen', { detail: next }));
	};
	return [choice, choose];
}
