// Light, dark or as the system: three words, one chosen.
import { Dropdown, DropdownGroup, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import DesktopIcon from '@patternfly/react-icons/dist/esm/icons/desktop-icon';
import MoonIcon from '@patternfly/react-icons/dist/esm/icons/moon-icon';
import SunIcon from '@patternfly/react-icons/dist/esm/icons/sun-icon';
import { useState } from 'react';
import { useTheme, type ThemeChoice } from './theme';

const choices: Record<ThemeChoice, { icon: typeof SunIcon; word: string }> = {
	system: { icon: DesktopIcon, word: 'As the system' },
	light: { icon: SunIcon, word: 'Light' },
	dark: { icon: MoonIcon, word: 'Dark' },
};

const names = Object.keys(choices) as ThemeChoice[];

/** The same choice as items of another menu. */
export function ThemeItems() {
	const [choice, choose] = useTheme();
	return (
		<DropdownGroup label="Appearance">
			<DropdownList>
				{names.map((name) => {
					const Icon = choices[name].icon;
					return <DropdownItem key={name} icon={<Icon />} isSelected={name === choice} onClick={() => choose(name)}>{choices[name].word}</DropdownItem>;
				})}
			</DropdownList>
		</DropdownGroup>
	);
}

export function ThemeMenu() {
	const [choice, choose] = useTheme();
	const [open, setOpen] = useState(false);
	const Icon = choices[choice].icon;
	return (
		<Dropdown
			isOpen={open}
			onOpenChange={setOpen}
			onSelect={(_event, value) => {
				choose(value as ThemeChoice);
				setOpen(false);
			}}
			popperProps={{ position: 'right' }}
			toggle={(ref) => (
				<MenuToggle ref={ref} variant="plain" isExpanded={open} onClick={() => setOpen(!open)} aria-label={`Appearance: ${choices[choice].word}`} icon={<Icon />} />
			)}
		>
			<DropdownList>
				{names.map((name) => {
					const ItemIcon = choices[name].icon;
					return <DropdownItem key={name} value={name} icon={<ItemIcon />} isSelected={name === choice}>{choices[name].word}</DropdownItem>;
				})}
			</DropdownList>
		</Dropdown>
	);
}
