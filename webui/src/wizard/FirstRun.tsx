// The first-run wizard: which steps there are, going through them, applying.
import { ActionList, ActionListItem, Button, Form, Grid, GridItem, ProgressStep, ProgressStepper, Title } from '@patternfly/react-core';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { ApiError, messageOf } from '../api/http';
import { completeSetup, readIdentity, readSetup, setPassword, unlock } from '../api/session';
import type { Identity, Setup } from '../api/types';
import { useSession } from '../app/SessionContext';
import { Doorway } from '../parts/Doorway';
import { durationText } from '../parts/format';
import { FailureNote, LoadingRows } from '../parts/notes';
import { Done } from './Done';
import { emptyDraft, faultsOf, ownerOf, requestOf, type Draft, type DraftFaults, type StepName } from './draft';
import { passwordRules } from './passwordRule';
import { AddressStep, IdentityStep, PasswordStep, PeerStep, ReviewStep, RoleStep, UnlockStep } from './steps';
import { Notice } from '../parts/Notice';

const titles: Record<StepName, string> = {
	unlock: 'Unlock', password: 'Administrator', role: 'Role and name', addresses: 'Addresses', identity: 'Identity', peer: 'Link to the other half', review: 'Review and apply',
};

const configuration: StepName[] = ['role', 'addresses', 'identity', 'peer', 'review'];

/** What is ahead, as far as the server has told. */
function stepsOf(locked: boolean, setup: Setup | null): StepName[] {
	const needed = setup?.['step-needed'] ?? ['password', 'system'];
	const first: StepName[] = locked ? ['unlock'] : [];
	return [...first, ...(needed.includes('password') ? ['password' as const] : []), ...(needed.some((step) => step !== 'password') && (setup !== null || locked) ? configuration : [])];
}

export function FirstRun() {
	const { session, renew } = useSession();
	const [locked, setLocked] = useState(false);
	const [steps, setSteps] = useState<StepName[] | null>(null);
	const [at, setAt] = useState(0);
	const [setup, setSetup] = useState<Setup | null>(null);
	const [identity, setIdentity] = useState<Identity | null>(null);
	const [secret, setSecret] = useState('');
	const [draft, setDraft] = useState<Draft>(emptyDraft);
	const [faults, setFaults] = useState<DraftFaults & { secret?: string }>({});
	const [failure, setFailure] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const [revision, setRevision] = useState<string | null>(null);
	const heading = useRef<HTMLHeadingElement>(null);
	const step = steps?.[at] ?? 'unlock';

	const learn = async () => {
		const found = await readSetup();
		const here = window.location.hostname.replace(/^\[|\]$/g, '');
		if (/^[\d.]+$|:/.test(here) && here !== '127.0.0.1') {
			// The address this page is reached at is the one not to lose.
			const offers = found['local-addresses'];
			const offer = offers.find((candidate) => candidate.address === here);
			setDraft((old) => (old.networks.length > 0 ? old : { ...old, networks: [{ name: offer?.name ?? 'lan', address: here }] }));
		}
		setSetup(found);
		setIdentity(await readIdentity().catch(() => null));
		return found;
	};

	useEffect(() => {
		learn().then(
			(found) => setSteps(stepsOf(false, found)),
			(error: unknown) => {
				if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
					setLocked(true);
					setSteps(stepsOf(true, null));
				} else {
					setFailure(messageOf(error));
				}
			},
		);
	}, []);
	useEffect(() => heading.current?.focus(), [at, revision, steps]);

	const change = (part: Partial<Draft>) => {
		setDraft((old) => ({ ...old, ...part }));
		setFaults((old) => Object.fromEntries(Object.entries(old).filter(([name]) => !(name in part))));
	};

	/** True: go on to the next step. */
	const leaveStep = async (): Promise<boolean> => {
		if (step === 'unlock') {
			await unlock(secret);
			const found = await learn();
			setSteps(['unlock', ...stepsOf(false, found)]);
			setLocked(false);
		} else if (step === 'password') {
			if (!passwordRules(draft.user, draft.password, draft.again).every((rule) => rule.isMet)) {
				setFaults({ password: 'The password does not meet the rules below.' });
				return false;
			}
			await setPassword(draft.user, draft.password);
			setDraft((old) => ({ ...old, password: '', again: '' }));
			if (steps && at === steps.length - 1) {
				await renew();
				return false;
			}
		} else if (step === 'review') {
			const answer = await completeSetup(requestOf(draft));
			setRevision(String(answer.revision));
			return false;
		} else {
			const found = faultsOf(step, draft);
			setFaults(found);
			return Object.keys(found).length === 0;
		}
		return true;
	};

	const next = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			if (await leaveStep())
				setAt(at + (step === 'identity' && !draft.withPeer ? 2 : 1));
		} catch (error) {
			refused(error);
		}
		setBusy(false);
	};

	const refused = (error: unknown) => {
		if (step === 'unlock' && error instanceof ApiError && error.status === 401) {
			setFaults({ secret: error.message });
			return;
		}
		if (step === 'password' && error instanceof ApiError && error.status === 400) {
			setFaults(error.faults[0]?.path.includes('user') ? { user: error.message } : { password: error.message });
			return;
		}
		if (error instanceof ApiError && error.status === 429) {
			setFailure(`Too many attempts. Wait ${durationText(error.retryAfterSeconds ?? 60)} before the next one.`);
			return;
		}
		const owned = error instanceof ApiError ? error.faults.map((fault) => ({ owner: ownerOf(fault.path), message: fault.message })) : [];
		const first = owned.find(({ owner }) => owner !== null)?.owner;
		setFailure(messageOf(error));
		if (first && steps) {
			setFaults(Object.fromEntries(owned.flatMap(({ owner, message }) => (owner ? [[owner.field, message]] : []))));
			setAt(Math.max(0, steps.indexOf(first.step)));
		}
	};

	const back = () => setAt(at - (step === 'review' && !draft.withPeer ? 2 : 1));
	const canGoBack = at > 0 && !['unlock', 'password', 'role'].includes(step);
	const props = { draft, faults, change };

	if (!steps) {
		return (
			<Doorway session={session} title="Set up this appliance">
				{failure ? <FailureNote title="The setup cannot go on" error={failure} /> : <LoadingRows label="Reading the state of the setup" />}
			</Doorway>
		);
	}
	const onlyPassword = !steps.includes('role') && !locked;
	return (
		<Doorway session={session} wide title={onlyPassword ? 'Set the administrator password' : 'Set up this appliance'} purpose={onlyPassword ? 'This appliance is configured already. What is left is the password of its administrator.' : undefined}>
			<Grid hasGutter>
				<GridItem md={4} lg={3}>
					<ProgressStepper isVertical aria-label="Steps of the setup">
						{steps.map((name, n) => {
							const isDone = n < at || revision !== null;
							return <ProgressStep key={name} id={`step-${name}`} titleId={`step-${name}-title`} variant={isDone ? 'success' : n === at ? 'info' : 'pending'} isCurrent={n === at && !revision} aria-label={isDone ? 'done' : n === at ? 'current step' : 'to do'}>{titles[name]}</ProgressStep>;
						})}
					</ProgressStepper>
				</GridItem>
				<GridItem md={8} lg={9}>
					<Title headingLevel="h2" size="lg" ref={heading} tabIndex={-1} className="tp-gap-below">{revision === null ? titles[step] : 'Done'}</Title>
					<div aria-live="polite">{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}</div>
					{revision !== null && <Done draft={draft} revision={revision} onGo={() => void renew()} />}
					{revision === null && (
						<Form onSubmit={next} noValidate>
							{step === 'unlock' && <UnlockStep secret={secret} onChange={(value) => { setSecret(value); setFaults({}); }} fault={faults.secret} />}
							{step === 'password' && <PasswordStep {...props} />}
							{step === 'role' && <RoleStep {...props} />}
							{step === 'addresses' && <AddressStep {...props} offered={setup?.['local-addresses'] ?? []} />}
							{step === 'identity' && <IdentityStep {...props} identity={identity} />}
							{step === 'peer' && <PeerStep {...props} />}
							{step === 'review' && <ReviewStep draft={draft} />}
							<ActionList>
								<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || (step === 'unlock' && secret === '')}>{step === 'review' ? 'Apply' : onlyPassword || (step === 'password' && at === steps.length - 1) ? 'Set the password' : 'Next'}</Button></ActionListItem>
								{canGoBack && <ActionListItem><Button variant="secondary" onClick={back} isDisabled={busy}>Back</Button></ActionListItem>}
							</ActionList>
						</Form>
					)}
				</GridItem>
			</Grid>
		</Doorway>
	);
}
