// The candidate against what runs: the changes, what is wrong with them, the commit.
import { Grid, GridItem, List, ListItem } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { useState } from 'react';
import { discard, readDiff, validate } from '../../api/config';
import type { Change, ConfigFault } from '../../api/types';
import { useMayWrite } from '../../app/access';
import { useLive } from '../../app/Live';
import { Link } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { plainPath } from '../../model/schema';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { plural, timeText } from '../../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../../parts/notes';
import { CommitCard } from './CommitCard';
import { DiffTable } from './DiffTable';
import { placeOf } from './places';
import { Notice } from '../../parts/Notice';

async function readPending(mayWrite: boolean) {
	const changes = await readDiff();
	const verdict = changes.length > 0 && mayWrite ? await validate() : null;
	return { changes, faults: verdict?.valid === false ? verdict.errors ?? [] : [] };
}

export function Pending() {
	const { config } = useLive();
	const mayWrite = useMayWrite();
	const status = config.data;
	const reading = useRead(`diff ${status?.changes} ${status?.running.revision}`, () => readPending(mayWrite));
	const [discarding, setDiscarding] = useState(false);
	const [done, setDone] = useState<string | null>(null);
	const changes = reading.data?.changes;
	const renew = () => {
		reading.refresh();
		config.refresh();
	};
	return (
		<>
			<div aria-live="polite">{done && <Notice variant="success" title={done} className="tp-gap-below" />}</div>
			{(reading.loading || config.loading) && <LoadingRows label="Comparing" />}
			{reading.error && <FailureNote title="The changes could not be read" error={reading.error} retry={reading.refresh} />}
			{changes?.length === 0 && status && (
				<Nothing title="No pending changes" icon={CheckCircleIcon}>
					Revision {status.running.revision} runs since {timeText(status.running.at)}, committed by {status.running.author}{status.running.comment && <>: “{status.running.comment}”</>}. What you save on the configuration pages gathers here until you commit it.
				</Nothing>
			)}
			{changes && changes.length > 0 && reading.data && (
				<Grid hasGutter>
					<GridItem xl={mayWrite ? 8 : 12}>
						<p className="tp-gap-below">{plural(changes.length, 'change')} to revision {status?.running.revision}{status?.holder && <>, edited by {status.holder}</>}.</p>
						{reading.data.faults.length > 0 && <Faults faults={reading.data.faults} />}
						<DiffTable changes={changes} label="Pending changes" faults={faultsByChange(changes, reading.data.faults)} linked={mayWrite} />
					</GridItem>
					{mayWrite && (
						<GridItem xl={4}>
							<CommitCard
								risky={changes.some((change) => change.lockout)}
								blocked={status?.trial ? 'A trial is under way. Confirm or undo it before the next commit.' : reading.data.faults.length > 0 ? 'Mend what is wrong before you commit.' : null}
								onCommitted={(message) => { setDone(message); renew(); }}
								onDiscard={() => setDiscarding(true)}
							/>
						</GridItem>
					)}
				</Grid>
			)}
			{discarding && (
				<ConfirmDialog title="Discard all pending changes?" action="Discard" onClose={() => setDiscarding(false)} onConfirm={async () => {
					await discard();
					setDone(null);
					renew();
				}}>
					The candidate becomes equal to what runs. The edits are lost, also those of other administrators.
				</ConfirmDialog>
			)}
		</>
	);
}

function Faults({ faults }: { faults: ConfigFault[] }) {
	return (
		<Notice variant="danger" title={`${plural(faults.length, 'problem')} to mend before the commit`} className="tp-gap-below">
			<List>
				{faults.map((fault) => {
					const place = placeOf(fault.path);
					return <ListItem key={`${fault.path} ${fault.message}`}>{fault.message} {place && <Link to={place}>Go to the setting</Link>}</ListItem>;
				})}
			</List>
		</Notice>
	);
}

function faultsByChange(changes: Change[], faults: ConfigFault[]): Map<string, string> {
	const byPath = new Map(faults.map((fault) => [plainPath(fault.path), fault.message]));
	return new Map(changes.flatMap((change) => {
		const message = byPath.get(plainPath(change.path));
		return message ? [[change.path, message] as const] : [];
	}));
}
