// Advanced account security: what it is, what it needs, the way in, its state, the way out.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { readAccounts, type Account } from '../api/accounts';
import { readAdvanced, type Advanced } from '../api/advanced';
import type { ConfigTree } from '../api/config';
import type { Banner } from '../api/types';
import { useMayWrite } from '../app/access';
import { ClassificationBar } from '../app/Classification';
import { useSession } from '../app/SessionContext';
import { usePoll, useRead } from '../app/usePoll';
import type { SchemaNode } from '../model/schema';
import { FailureNote, LoadingRows } from '../parts/notes';
import { LeaveCard } from './advanced/LeaveCard';
import { LockoutCard } from './advanced/LockoutCard';
import { Prerequisites } from './advanced/Prerequisites';
import { Recommendations } from './advanced/Recommendations';
import { TurnOnCard } from './advanced/TurnOnCard';
import { SettingsPage } from './settings/SettingsPage';

const path = '/turnpike-access:access/advanced';

export function AdvancedSecurity() {
	const mayWrite = useMayWrite();
	const { session } = useSession();
	const state = usePoll('advanced', readAdvanced, 5000);
	const accounts = useRead('accounts', readAccounts);
	const { data } = state;
	return (
		<SettingsPage
			path={path}
			title="Advanced account security"
			purpose="A mode for systems that hold classified information: people log in by your directory alone, and one local account stays for the day on which it does not answer."
			adapt={(node, saved) => withAccounts(node, accounts.data ?? [], saved, data?.enabled === true && !session.emergency)}
			aside={(group, value) => group === 'classification' && <Preview value={value as Partial<Banner>} />}
			below={data && mayWrite && (data.enabled ? <LeaveCard account={data['emergency-account']} /> : <TurnOnCard advanced={data} onDone={state.refresh} />)}
		>
			{state.loading && <LoadingRows label="Reading how things are" rows={6} />}
			{state.error && <FailureNote title="How things are could not be read" error={state.error} retry={state.refresh} />}
			{data && (
				<>
					<About advanced={data} />
					{data.enabled && <LockoutCard lockout={data.lockout} onReleased={state.refresh} />}
					{(!data.enabled || data.prerequisites.some((one) => !one.passed)) && <Prerequisites list={data.prerequisites} />}
					<Recommendations list={data.recommendations} isOn={data.enabled} />
				</>
			)}
		</SettingsPage>
	);
}

function About({ advanced }: { advanced: Advanced }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">What the mode does <Label isCompact color={advanced.enabled ? 'green' : 'grey'}>{advanced.enabled ? 'On' : 'Off'}</Label></CardTitle></CardHeader>
			<CardBody>
				<ul className="pf-v6-c-list">
					<li>Remote users alone log in, by the web interface alone. The API, its tokens and <span className="tp-code">turnpikectl</span> are off.</li>
					<li>Of the local accounts one stays: the emergency account. Nobody but itself may change it.</li>
					<li>A few failed logins in a row, of whomever, close the login for everybody for a while.</li>
					<li>Auditors alone see the logs.</li>
					<li>The classification stands above and below every page.</li>
					<li>Settings that should be otherwise are alarms.</li>
				</ul>
				<p className="tp-gap-above"><strong>There is no way back that keeps anything.</strong> Leaving the mode puts the appliance back to factory state.</p>
			</CardBody>
		</Card>
	);
}

/** The account is chosen among those that can be it, in the mode by itself alone; the switch has a card of its own. */
function withAccounts(node: SchemaNode, accounts: Account[], saved: ConfigTree, isFixed: boolean): SchemaNode {
	const able = accounts.filter((one) => one.level === 'read-write' && one.web && !one.disabled && one.name.toLowerCase() !== 'admin').map((one) => ({ name: one.name, label: one.name }));
	const chosen = saved['emergency-account'];
	if (typeof chosen === 'string' && !able.some((one) => one.name === chosen))
		able.push({ name: chosen, label: `${chosen} (not possible)` });
	const shown = (node.nodes ?? []).filter((child) => child.name !== 'enabled' && !(isFixed && child.name === 'emergency-account'));
	return { ...node, nodes: shown.map((child) => (child.name === 'emergency-account' ? { ...child, type: 'enumeration', enum: able } : child)) };
}

function Preview({ value: { text, colour } }: { value: Partial<Banner> }) {
	return text ? <ClassificationBar banner={{ text, colour: colour ?? 'green' }} label="Preview of the classification" /> : <p className="tp-quiet">Write the text to see here how it looks.</p>;
}
