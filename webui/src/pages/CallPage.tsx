// One call: its media both ways, the decisions that led it, and the way to end it.
import { Button, Card, CardBody, CardHeader, CardTitle, Grid, GridItem, Stack } from '@patternfly/react-core';
import { useState } from 'react';
import { endCall, readCall, readEndedCall } from '../api/status';
import { ApiError } from '../api/http';
import type { CallDetail } from '../api/types';
import { useRouter } from '../app/router';
import { usePoll } from '../app/usePoll';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { ForChanges } from '../parts/ForChanges';
import { Facts } from '../parts/Facts';
import { aliasText, clockText, timeText } from '../parts/format';
import { CallStateLabel } from '../parts/labels';
import { FailureNote, LoadingRows, Nothing, StaleNote } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { DecisionSteps } from './calls/DecisionSteps';
import { MediaTable } from './calls/MediaTable';
import { pathText, ResultLabel } from './calls/words';
import { Notice } from '../parts/Notice';

export function CallPage({ id, ended }: { id: string; ended: boolean }) {
	const { go } = useRouter();
	const reading = usePoll(`call ${ended} ${id}`, (signal) => (ended ? readEndedCall(id, signal) : readCall(id, signal)), ended ? 0 : 2000);
	const [ending, setEnding] = useState(false);
	const call = reading.data;
	const isGone = reading.error instanceof ApiError && reading.error.status === 404;
	const back = [{ to: ended ? '/calls/history' : '/calls', label: ended ? 'Call history' : 'Calls' }];
	return (
		<PageFrame
			title={call ? `${aliasText(call.from)} to ${aliasText(call.to)}` : 'Call'}
			back={back}
			badge={call && (ended ? <ResultLabel call={call} /> : <CallStateLabel state={isGone ? 'ended' : call.state} />)}
			actions={!ended && call && !isGone && <ForChanges><Button variant="danger" onClick={() => setEnding(true)}>End call</Button></ForChanges>}
		>
			{reading.loading && <LoadingRows label="Reading the call" rows={6} />}
			{isGone && !call && <Nothing title="This call is over" action={<Button variant="link" onClick={() => go('/calls/history')}>Call history</Button>}>Calls that ended are kept in the history.</Nothing>}
			{isGone && call && <Notice variant="info" title="This call has ended" className="tp-gap-below" actionLinks={<Button variant="link" isInline onClick={() => go('/calls/history')}>Open the call history</Button>}>The figures below are the last that were read.</Notice>}
			{!isGone && !call && reading.error && <FailureNote title="The call could not be read" error={reading.error} retry={reading.refresh} />}
			{!isGone && call && <StaleNote error={reading.error} />}
			{call && <Body call={call} ended={ended} />}
			{ending && (
				<ConfirmDialog title="End this call?" action="End call" onClose={() => setEnding(false)} onConfirm={async () => {
					await endCall(id);
					go('/calls');
				}}>
					Both sides are hung up at once.
				</ConfirmDialog>
			)}
		</PageFrame>
	);
}

function Body({ call, ended }: { call: CallDetail; ended: boolean }) {
	const reasons = [...new Set(call.streams.filter((stream) => stream.reason).map((stream) => `${stream.type === 'audio' ? 'Audio' : stream.type} from the ${stream.leg}: ${stream.reason}`))];
	return (
		<Grid hasGutter>
			{reasons.length > 0 && (
				<GridItem>
					<Stack hasGutter>{reasons.map((reason) => <Notice key={reason} variant="warning" title={reason} />)}</Stack>
				</GridItem>
			)}
			<GridItem>
				<Card>
					<CardHeader><CardTitle component="h2">Media</CardTitle></CardHeader>
					<CardBody><MediaTable streams={call.streams} isLive={!ended} /></CardBody>
				</Card>
			</GridItem>
			<GridItem lg={5}>
				<Card isFullHeight>
					<CardHeader><CardTitle component="h2">Call</CardTitle></CardHeader>
					<CardBody>
						<Facts facts={[
							['From', call.from],
							['To', call.to],
							['Way', pathText(call)],
							['Transport', `${call['source-transport'].toUpperCase()} in, ${call['target-transport'].toUpperCase()} out`],
							['Started', timeText(call['started-at'])],
							['Answered', timeText(call['answered-at'])],
							...(ended ? [['Ended', timeText(call['ended-at'])], ['End', call['end-reason'] ?? '']] as [string, string][] : []),
							['Duration', call['answered-at'] ? clockText(call['duration-s']) : '–'],
							['SIP status', call.status ? String(call.status) : '–'],
							['Call-ID', <span key="id" className="tp-mono tp-small">{call['call-id']}</span>],
						]} />
					</CardBody>
				</Card>
			</GridItem>
			<GridItem lg={7}>
				<Card isFullHeight>
					<CardHeader><CardTitle component="h2">Why it went this way</CardTitle></CardHeader>
					<CardBody><DecisionSteps steps={call.steps} /></CardBody>
				</Card>
			</GridItem>
		</Grid>
	);
}
