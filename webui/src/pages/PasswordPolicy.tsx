// The rules for passwords of local administrators.
import { useState } from 'react';
import { useMayWrite } from '../app/access';
import { PresetCard } from './presets/PresetCard';
import { SettingsPage } from './settings/SettingsPage';

const inside = ['/turnpike-access:access/password-policy/'];

export function PasswordPolicy() {
	const mayWrite = useMayWrite();
	const [round, setRound] = useState(0);
	return (
		<SettingsPage round={round} path="/turnpike-access:access" title="Password policy">
			{mayWrite && <PresetCard inside={inside} onFilled={() => setRound(round + 1)} />}
		</SettingsPage>
	);
}
