// While a commit is on trial: how long, and the two ways out, on every page.
import { AlertActionLink } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { confirm, readCandidate, undo } from '../api/config';
import { messageOf } from '../api/http';
import { clockText } from '../parts/format';
import { useLive } from './Live';
import { Notice } from '../parts/Notice';

/** Of /turnpike-system:system/web/port. */
const defaultPort = 7443;

export function TrialBanner() {
	const { config } = useLive();
	const trial = config.data?.trial ?? null;
	return trial && <Countdown key={trial.revision ?? ''} revision={trial.revision ?? config.data?.running.revision ?? ''} leftSeconds={trial['left-s']} />;
}

function Countdown({ revision, leftSeconds }: { revision: string; leftSeconds: number }) {
	const { config } = useLive();
	const [end, setEnd] = useState(() => Date.now() + leftSeconds * 1000);
	const [now, setNow] = useState(() => Date.now());
	const [busy, setBusy] = useState<'confirm' | 'undo' | null>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const [elsewhere, setElsewhere] = useState<string | null>(null);

	useEffect(() => setEnd(Date.now() + leftSeconds * 1000), [leftSeconds]);
	useEffect(() => {
		const timer = window.setInterval(() => setNow(Date.now()), 1000);
		return () => window.clearInterval(timer);
	}, []);

	const act = async (what: 'confirm' | 'undo') => {
		setBusy(what);
		setFailure(null);
		try {
			await (what === 'confirm' ? confirm() : undo());
		} catch (error) {
			setFailure(messageOf(error));
			if (what === 'confirm')
				setElsewhere(await movedTo().catch(() => null));
		}
		setBusy(null);
		config.refresh();
	};

	const left = Math.max(0, Math.round((end - now) / 1000));
	return (
		<Notice
			variant="warning"
			className="tp-trial"
			title={<>Revision {revision} is on trial: <span role="timer">{clockText(left)}</span> left</>}
			actionLinks={(
				<>
					<AlertActionLink onClick={() => void act('confirm')} isDisabled={busy !== null}>{busy === 'confirm' ? 'Confirming…' : 'Confirm and keep'}</AlertActionLink>
					<AlertActionLink onClick={() => void act('undo')} isDisabled={busy !== null}>{busy === 'undo' ? 'Undoing…' : 'Undo now'}</AlertActionLink>
				</>
			)}
		>
			You still reach the appliance with it. Unless you confirm, the previous configuration comes back by itself.
			{failure && (
				<div role="alert" className="tp-danger-text">
					{failure} {elsewhere ? <>This page has moved: <a href={elsewhere}>{elsewhere}</a></> : 'Reload this page after some seconds, and confirm again.'}
				</div>
			)}
		</Notice>
	);
}

/** The address of this page under the configuration on trial, when it is another port. */
async function movedTo(): Promise<string | null> {
	const { value } = await readCandidate('/turnpike-system:system/web', 'running');
	const port = Number(value.port ?? defaultPort);
	const here = Number(window.location.port || 443);
	return Number.isInteger(port) && port !== here ? `https://${window.location.hostname}:${port}/` : null;
}
