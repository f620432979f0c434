// Who is logged in now, and how often one account may be.
import { Button, Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { endSession, endSessionsOf, readSessions, type OpenSession, type SessionLimits } from '../api/sessions';
import { levelNames, mayUse, useMayWrite } from '../app/access';
import { Link } from '../app/router';
import { useSession } from '../app/SessionContext';
import { usePoll } from '../app/usePoll';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { durationText, plural, timeText } from '../parts/format';
import { FailureNote, LoadingRows, StaleNote } from '../parts/notes';
import { PresetCard } from './presets/PresetCard';
import { methodNames } from './sessions/words';
import { SettingsPage } from './settings/SettingsPage';

/** Two of them stand on the page System. */
const limits = ['/turnpike-access:access/session/', '/turnpike-system:system/web/session-'];

export function Sessions() {
	const mayWrite = useMayWrite();
	const [round, setRound] = useState(0);
	return (
		<SettingsPage round={round} path="/turnpike-access:access/session" title="Sessions">
			<OpenSessions mayWrite={mayWrite} />
			{mayWrite && <PresetCard inside={limits} onFilled={() => setRound(round + 1)} />}
		</SettingsPage>
	);
}

type Doomed = { session: OpenSession; all: boolean };

function OpenSessions({ mayWrite }: { mayWrite: boolean }) {
	const reading = usePoll('sessions', readSessions, 5000);
	const { session } = useSession();
	const [doomed, setDoomed] = useState<Doomed | null>(null);
	const end = async ({ session, all }: Doomed) => {
		await (all ? endSessionsOf(session.user ?? '') : endSession(session.id));
		reading.refresh();
	};
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">Logged in now</CardTitle>
				{reading.data && <p className="tp-quiet">{limitsText(reading.data.limits)} {mayUse(session, 'logs') && <Link to="/log/logins">Login history</Link>}</p>}
			</CardHeader>
			<CardBody>
				{reading.loading && <LoadingRows label="Reading the sessions" rows={3} />}
				{!reading.data && reading.error && <FailureNote title="The sessions could not be read" error={reading.error} retry={reading.refresh} />}
				{reading.data && <StaleNote error={reading.error} />}
				{reading.data && <SessionTable sessions={reading.data.sessions} mayWrite={mayWrite} onEnd={setDoomed} />}
			</CardBody>
			{doomed && (
				<ConfirmDialog title={doomed.all ? `End all sessions of ${doomed.session.user}?` : 'End this session?'} action={doomed.all ? 'End all' : 'End session'} onConfirm={() => end(doomed)} onClose={() => setDoomed(null)}>
					{doomed.all
						? `Everybody who is logged in as ${doomed.session.user} has to log in again; your own session stays.`
						: `${doomed.session.user ?? 'Whoever it is'}, from ${doomed.session.source}, has to log in again, and is told that an administrator ended the session.`}
				</ConfirmDialog>
			)}
		</Card>
	);
}

function limitsText(limits: SessionLimits): string {
	const each = limits['per-account']
		? `One account may have ${plural(limits['per-account'], 'session')}; ${limits['when-full'] === 'refuse' ? 'one more login is refused' : 'one more login ends the one that was quiet for longest'}.`
		: 'One account may have as many as all together.';
	return `A session ends after ${durationText(limits['idle-s'])} without use, and after ${durationText(limits['absolute-s'])} at the latest. ${each} All together: ${limits.all}; beyond that the quietest ends.`;
}

function SessionTable({ sessions, mayWrite, onEnd }: { sessions: OpenSession[]; mayWrite: boolean; onEnd: (doomed: Doomed) => void }) {
	const countOf = (user: string | null) => sessions.filter((one) => one.user === user).length;
	return (
		<Table variant="compact" aria-label="Sessions" gridBreakPoint="grid-xl">
			<Thead><Tr><Th>User</Th><Th>Level</Th><Th>From</Th><Th>Logged in by</Th><Th modifier="nowrap">Since</Th><Th modifier="nowrap">Last use</Th>{mayWrite && <Th>Actions</Th>}</Tr></Thead>
			<Tbody>
				{sessions.map((session) => (
					<Tr key={session.id}>
						<Td dataLabel="User" className="tp-break">{session.user ?? 'First run'} {session.own && <Label isCompact color="blue">This session</Label>}</Td>
						<Td dataLabel="Level">{session.level ? levelNames[session.level] : '–'}</Td>
						<Td dataLabel="From" className="tp-number">{session.source}</Td>
						<Td dataLabel="Logged in by">{methodNames[session.method]}{session.access === 'api' && ', for the API'}</Td>
						<Td dataLabel="Since" modifier="nowrap" className="tp-number">{timeText(session['since-at'])}</Td>
						<Td dataLabel="Last use" modifier="nowrap">{session['idle-s'] < 10 ? 'now' : `${durationText(session['idle-s'])} ago`}</Td>
						{mayWrite && (
							<Td dataLabel="Actions" modifier="nowrap">
								{!session.own && <Button variant="link" isInline onClick={() => onEnd({ session, all: false })} aria-label={`End the session of ${session.user ?? 'the first run'} from ${session.source}`}>End</Button>}
								{!session.own && session.user && countOf(session.user) > 1 && <Button variant="link" isInline className="tp-action-apart" onClick={() => onEnd({ session, all: true })} aria-label={`End all sessions of ${session.user}`}>End all</Button>}
							</Td>
						)}
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
