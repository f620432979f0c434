// The rules for passwords of local administrators, with the two presets for them.
import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useState } from 'react';
import { messageOf, put } from '../api/http';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { Notice } from '../parts/Notice';
import { SettingsPage } from './settings/SettingsPage';

const presets = {
	standard: { label: 'Standard', value: {} },
	disa: {
		label: 'DISA',
		value: {
			'minimum-length': 15, 'minimum-upper': 1, 'minimum-lower': 1, 'minimum-digits': 1, 'minimum-special': 1,
			history: 5, 'minimum-changed': 8, 'maximum-age': 60, 'minimum-age': 24,
		},
	},
};

export function PasswordPolicy() {
	const mayWrite = useMayWrite();
	const { config } = useLive();
	/* Another key reads the settings again. */
	const [round, setRound] = useState(0);
	const [failure, setFailure] = useState<string | null>(null);
	const fill = async (value: Record<string, number>) => {
		setFailure(null);
		try {
			await put('/restconf/ds/candidate/turnpike-access:access/password-policy', { 'turnpike-access:password-policy': value });
			setRound(round + 1);
			config.refresh();
		} catch (error) {
			setFailure(messageOf(error));
		}
	};
	return (
		<SettingsPage key={round} path="/turnpike-access:access" title="Password policy">
			{mayWrite && (
				<Card>
					<CardHeader><CardTitle component="h2">Presets</CardTitle></CardHeader>
					<CardBody>
						<p className="tp-gap-below">
							A preset fills in the password policy below; it takes effect with the next commit. <em>Standard</em> asks for 12 characters and none of the last five passwords. <em>DISA</em> asks for what the
							guide for network devices does: 15 characters with an upper-case and a lower-case letter, a digit and a special character, 8 changed characters, none of the last five passwords, and a new one between a day and 60 days.
						</p>
						{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
						<div className="tp-buttons">
							{Object.values(presets).map((preset) => <Button key={preset.label} variant="secondary" onClick={() => void fill(preset.value)}>Fill in {preset.label}</Button>)}
						</div>
					</CardBody>
				</Card>
			)}
		</SettingsPage>
	);
}
