// The secure traversal test of a core: the way to the edge, tried step by step.
import { Card, CardBody, CardHeader, CardTitle, Grid, GridItem } from '@patternfly/react-core';
import { useState } from 'react';
import type { ConfigTree } from '../api/config';
import { messageOf } from '../api/http';
import { testTraversal, type TraversalTestAnswer, type TraversalTestQuestion } from '../api/tls';
import { useRouter } from '../app/router';
import { useSession } from '../app/SessionContext';
import { Notice } from '../parts/Notice';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { TestForm, type TestDraft } from './traversal/TestForm';
import { TestSteps } from './traversal/TestSteps';
import { useZones } from './zones/useZones';

const purpose = 'Goes the way of the traversal link up to where the edge would ask for the password, and says of each step how it went and what to do.';

export function TraversalTest() {
	const { session } = useSession();
	const { rows, candidate, status } = useZones();
	const { search } = useRouter();
	const isCore = session.role === 'core';
	const error = candidate.error ?? status.error;
	return (
		<PageFrame title="Secure traversal test" purpose={isCore && purpose}>
			{!isCore && <Nothing title="This is an edge">The test is made from the core, which opens every connection to the edge.</Nothing>}
			{isCore && !rows && !error && <LoadingRows label="Reading the zones" />}
			{isCore && !rows && error && <FailureNote title="The zones could not be read" error={error} retry={candidate.refresh} />}
			{isCore && rows && <Test start={draftOf(rows.map((row) => row.entry), search.get('zone'), session['host-name'] ?? '')} />}
		</PageFrame>
	);
}

/** What the zone asked for, or the first traversal client zone, already knows. */
function draftOf(entries: (ConfigTree | null)[], wanted: string | null, hostName: string): TestDraft {
	const clients = entries.filter((entry) => entry?.type === 'traversal-client');
	const zone = clients.find((entry) => entry?.name === wanted) ?? clients[0];
	const peer = (Array.isArray(zone?.peer) ? zone.peer[0] : undefined) as ConfigTree | undefined;
	return {
		address: String(peer?.address ?? ''),
		port: String(peer?.port ?? 7001),
		verifyName: hostName,
		edgeName: String(zone?.['verify-name'] ?? ''),
	};
}

function Test({ start }: { start: TestDraft }) {
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [answer, setAnswer] = useState<TraversalTestAnswer | null>(null);
	const run = async (question: TraversalTestQuestion) => {
		setBusy(true);
		setFailure(null);
		setAnswer(null);
		try {
			setAnswer(await testTraversal(question));
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	return (
		<Grid hasGutter>
			<GridItem xl={5}>
				<Card>
					<CardHeader><CardTitle component="h2">Edge and names</CardTitle></CardHeader>
					<CardBody><TestForm start={start} busy={busy} onRun={run} /></CardBody>
				</Card>
			</GridItem>
			<GridItem xl={7}>
				<div aria-live="polite">
					{failure && <Notice variant="danger" title="The test could not be made">{failure}</Notice>}
					{busy && <LoadingRows label="The test is under way" rows={9} />}
					{answer && <TestSteps answer={answer} />}
					{!failure && !busy && !answer && <Nothing title="No result yet">The test takes a moment, at most 15 seconds. It sends no password and leaves the link alone.</Nothing>}
				</div>
			</GridItem>
		</Grid>
	);
}
