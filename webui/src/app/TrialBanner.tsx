// While a commit is on trial: how long, and the two ways out, on every page.
import { AlertActionLink } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { confirm, readDiff, readRevisions, undo } from '../api/config';
import { messageOf } from '../api/http';
import { plainPath } from '../model/schema';
import { clockText } from '../parts/format';
import { useMayWrite } from './access';
import { useLive } from './Live';
import { Notice } from '../parts/Notice';

export function TrialBanner() {
	const { config } = useLive();
	const trial = config.data?.trial ?? null;
	return trial && <Countdown key={trial.revision ?? ''} revision={trial.revision ?? config.data?.running.revision ?? ''} leftSeconds={trial['left-s']} />;
}

function Countdown({ revision, leftSeconds }: { revision: string; leftSeconds: number }) {
	const { config } = useLive();
	const [end, setEnd] = useState(() => Date.now() + leftSeconds * 1000);
	const [now, setNow] = useState(() => Date.now());
	const mayWrite = useMayWrite();
	const [busy, setBusy] = useState<'confirm' | 'undo' | null>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const [elsewhere, setElsewhere] = useState<string | null>(null);

	// At once, while this page still has a connection.
	useEffect(() => {
		movedTo(revision).then((address) => setElsewhere(address === `${window.location.origin}/` ? null : address), () => undefined);
	}, [revision]);
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
			actionLinks={mayWrite && (
				<>
					{elsewhere === null && <AlertActionLink onClick={() => void act('confirm')} isDisabled={busy !== null}>{busy === 'confirm' ? 'Confirming…' : 'Confirm and keep'}</AlertActionLink>}
					{elsewhere !== null && <AlertActionLink component="a" href={elsewhere}>Go on at {elsewhere}</AlertActionLink>}
					<AlertActionLink onClick={() => void act('undo')} isDisabled={busy !== null}>{busy === 'undo' ? 'Undoing…' : 'Undo now'}</AlertActionLink>
				</>
			)}
		>
			{!mayWrite && 'Unless somebody confirms it who may change settings, the previous configuration comes back by itself.'}
			{mayWrite && (elsewhere === null
				? 'Confirming opens a new connection, which proves that the appliance can still be reached. Unless you confirm, the previous configuration comes back by itself.'
				: 'This page has moved with it. Open the new address and confirm there. Unless you do, the previous configuration comes back by itself.')}
			{failure && <div role="alert" className="tp-danger-text">{failure}</div>}
		</Notice>
	);
}

const portPath = '/turnpike-system:system/web/port';

/** The address of this page under the configuration on trial, when that moves its port. */
async function movedTo(trial: string): Promise<string | null> {
	const { revisions } = await readRevisions(0, 50);
	const before = revisions.find((revision) => revision.state === 'committed');
	if (!before)
		return null;
	const change = (await readDiff(before.revision, trial)).find((one) => plainPath(one.path) === portPath);
	const port = Number(change?.after);
	return Number.isInteger(port) && port > 0 ? `https://${window.location.hostname}:${port}/` : null;
}
