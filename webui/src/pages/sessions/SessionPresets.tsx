// The two presets for sessions: how long they last, and how many an account may have.
import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useState } from 'react';
import { messageOf, put } from '../../api/http';
import { useLive } from '../../app/Live';
import { Notice } from '../../parts/Notice';

const presets = [
	{ label: 'Standard', idle: 30, longest: 720, session: {} },
	{ label: 'DISA', idle: 5, longest: 480, session: { 'per-account': 1 } },
];

const web = '/restconf/ds/candidate/turnpike-system:system/web';

async function fill(preset: (typeof presets)[number]): Promise<void> {
	/* The longest one first: it may not be shorter than the idle time-out at any time. */
	await put(`${web}/session-absolute`, { 'turnpike-system:session-absolute': preset.longest });
	await put(`${web}/session-idle`, { 'turnpike-system:session-idle': preset.idle });
	await put('/restconf/ds/candidate/turnpike-access:access/session', { 'turnpike-access:session': preset.session });
}

export function SessionPresets({ onFilled }: { onFilled: () => void }) {
	const { config } = useLive();
	const [failure, setFailure] = useState<string | null>(null);
	const choose = async (preset: (typeof presets)[number]) => {
		setFailure(null);
		try {
			await fill(preset);
			onFilled();
		} catch (error) {
			setFailure(messageOf(error));
		}
		config.refresh();
	};
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Presets</CardTitle></CardHeader>
			<CardBody>
				<p className="tp-gap-below">
					A preset fills in the limits of sessions, here and under System; it takes effect with the next commit. <em>Standard</em>: 30 minutes without use, 12 hours at the longest, 10 sessions of one account.
					{' '}<em>DISA</em>: 5 minutes, 8 hours, and one session of one account, the earlier one giving way.
				</p>
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
				<div className="tp-buttons">
					{presets.map((preset) => <Button key={preset.label} variant="secondary" onClick={() => void choose(preset)}>Fill in {preset.label}</Button>)}
				</div>
			</CardBody>
		</Card>
	);
}
