// A page of plain settings, made from the model: one form for the values of a
// container, and a table for each list in it.
import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Form, Stack, StackItem } from '@patternfly/react-core';
import { useEffect, useMemo, useState, type FormEvent, type ReactNode } from 'react';
import { readCandidate, type ConfigTree } from '../../api/config';
import { useMayWrite } from '../../app/access';
import { useLive } from '../../app/Live';
import { useRouter, Link } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { checkTree } from '../../model/check';
import { NodeFields } from '../../model/NodeFields';
import { ReferencesProvider, useReadReferences } from '../../model/references';
import { candidateVerdict, failureVerdict, fieldPaths, keepSecrets, leafChanges, noVerdict, writeLeaves, type Verdict } from '../../model/save';
import { findNode, type SchemaNode } from '../../model/schema';
import { childScope, type Scope } from '../../model/when';
import { plural } from '../../parts/format';
import { LockoutLabel } from '../../parts/labels';
import { FaultList } from '../../parts/FaultList';
import { FailureNote, LoadingRows } from '../../parts/notes';
import { PageFrame } from '../../parts/PageFrame';
import { useFirstFault } from '../../parts/useFirstFault';
import { ListCard } from './ListCard';
import { Notice } from '../../parts/Notice';

interface SettingsPageProps {
	/** Instance path of the container whose settings the page shows. */
	path: string;
	title?: string;
	purpose?: string;
	/** The turnpike-ui:page whose part of the container is shown; else the container's own. */
	part?: string;
	back?: { to: string; label: string }[];
	/** Stands above the settings. */
	children?: ReactNode;
	/** Stands below them. */
	below?: ReactNode;
	/** Makes the description of the settings fit this page, by what is saved. */
	adapt?: (node: SchemaNode, saved: ConfigTree) => SchemaNode;
	/** Another number reads the settings again: what stands above or below them has changed them. */
	round?: number;
	/** Shows, below the fields of a group, what they come to while they are edited. */
	aside?: (group: string, value: ConfigTree) => ReactNode;
}

export function SettingsPage({ path, title, purpose, part, back, children, below, adapt, round = 0, aside }: SettingsPageProps) {
	const { model } = useLive();
	const node = model.data && findNode(model.data, path);
	const reading = useRead(`candidate ${path} ${round}`, () => readCandidate(path));
	const heading = title ?? node?.label ?? '';
	return (
		<PageFrame title={heading} purpose={purpose ?? node?.help} back={back}>
			<Stack hasGutter>
				{children}
				{(model.loading || reading.loading) && <LoadingRows label="Reading the settings" rows={6} />}
				{model.error && <FailureNote title="The description of the settings could not be read" error={model.error} retry={model.refresh} />}
				{reading.error && <FailureNote title="The settings could not be read" error={reading.error} retry={reading.refresh} />}
				{node && reading.data && <Settings key={`${path} ${round}`} node={adapt ? adapt(node, reading.data.value) : node} part={part ?? page(node)} saved={reading.data.value} reload={reading.refresh} aside={aside} />}
				{below}
			</Stack>
		</PageFrame>
	);
}

const page = (node: SchemaNode) => node.page ?? null;

/** What another page shows is left out here. */
const isElsewhere = (part: string | null) => (node: SchemaNode) => page(node) !== null && page(node) !== part;

function listsIn(node: SchemaNode, leaveOut: (node: SchemaNode) => boolean): SchemaNode[] {
	return (node.nodes ?? []).filter((child) => !leaveOut(child)).flatMap((child) => (child.kind === 'list' ? [child] : child.kind === 'container' ? listsIn(child, leaveOut) : []));
}

function entriesAt(tree: ConfigTree, rootPath: string, list: SchemaNode): ConfigTree[] {
	let at: unknown = tree;
	for (const name of list.path.slice(rootPath.length + 1).split('/'))
		at = (at as ConfigTree | undefined)?.[name];
	return Array.isArray(at) ? (at as ConfigTree[]) : [];
}

interface SettingsProps {
	node: SchemaNode;
	part: string | null;
	saved: ConfigTree;
	reload: () => void;
	aside: SettingsPageProps['aside'];
}

function Settings({ node, part, saved, reload, aside }: SettingsProps) {
	const mayWrite = useMayWrite();
	const { config } = useLive();
	const { guard } = useRouter();
	const [value, setValue] = useState(saved);
	const [verdict, setVerdict] = useState<Verdict>(noVerdict);
	const [busy, setBusy] = useState(false);
	const [done, setDone] = useState(false);
	const references = useReadReferences(node);
	const leaveOut = useMemo(() => isElsewhere(part), [part]);
	const lists = listsIn(node, leaveOut);
	const before: Scope = { node, value: saved, up: null };
	const scope: Scope = { node, value, up: null };
	const changes = leafChanges(before, scope, node.path);
	const isDirty = changes.length > 0;
	useFirstFault(verdict.faults);

	useEffect(() => {
		guard(isDirty ? () => window.confirm('Leave this page and lose the edits that are not saved?') : null);
		return () => guard(null);
	}, [guard, isDirty]);

	const save = async (event: FormEvent) => {
		event.preventDefault();
		setDone(false);
		const found = checkTree(scope, node.path);
		if (found.size > 0) {
			setVerdict({ ...noVerdict, faults: found });
			return;
		}
		setBusy(true);
		const fields = new Set(fieldPaths(node, node.path));
		try {
			await writeLeaves(changes);
			setValue(keepSecrets(node, value));
			setVerdict(await candidateVerdict(node.path, fields));
			setDone(true);
			reload();
		} catch (error) {
			setVerdict(failureVerdict(error, node.path, fields));
		}
		setBusy(false);
		config.refresh();
	};

	const leaves = (node.nodes ?? []).filter((child) => child.kind.startsWith('leaf') && !leaveOut(child));
	const groups = (node.nodes ?? []).filter((child) => child.kind === 'container' && !leaveOut(child));
	const noLists = (child: SchemaNode) => child.kind === 'list' || leaveOut(child);
	return (
		<>
			<div aria-live="polite" className="tp-contents">
				<FaultList faults={verdict.general} isSaved={done && !isDirty && verdict.faults.size + verdict.general.length > 0} />
				{verdict.elsewhere > 0 && <Notice variant="warning" title={`${plural(verdict.elsewhere, 'problem')} elsewhere in the candidate`}><Link to="/changes">Review the changes</Link></Notice>}
				{done && !isDirty && verdict.faults.size + verdict.general.length === 0 && <Notice variant="success" title="Saved to the candidate">It takes effect when you <Link to="/changes">review and commit</Link> the changes.</Notice>}
			</div>
			<ReferencesProvider value={references}>
				<Form onSubmit={save} isHorizontal noValidate className="tp-settings">
					{leaves.length > 0 && (
						<Card>
							<CardHeader><CardTitle component="h2">General</CardTitle></CardHeader>
							<CardBody className="tp-fields"><NodeFields scope={scope} path={node.path} faults={verdict.faults} onChange={setValue} leaveOut={(child) => !child.kind.startsWith('leaf') || leaveOut(child)} /></CardBody>
						</Card>
					)}
					{groups.map((group) => (
						<Card key={group.name}>
							<CardHeader><CardTitle component="h2">{group.label} {group.lockout && <LockoutLabel />}</CardTitle><p className="tp-quiet">{group.help}</p></CardHeader>
							<CardBody className="tp-fields">
								<NodeFields scope={childScope(scope, group, value[group.name])} path={`${node.path}/${group.name}`} faults={verdict.faults} onChange={(next) => setValue({ ...value, [group.name]: next })} leaveOut={noLists} />
								{aside?.(group.name, (value[group.name] ?? {}) as ConfigTree)}
							</CardBody>
						</Card>
					))}
					{mayWrite && leaves.length + groups.length > 0 && (
						<div className={isDirty || busy ? 'tp-save-bar tp-save-bar-open' : 'tp-save-bar tp-save-bar-closed'}>
							<ActionList>
								<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || !isDirty}>Save to the candidate</Button></ActionListItem>
								<ActionListItem><Button variant="link" isDisabled={busy || !isDirty} onClick={() => { setValue(saved); setVerdict(noVerdict); }}>Revert</Button></ActionListItem>
								{isDirty && <ActionListItem><span className="tp-quiet">{plural(changes.length, 'edit')} not saved</span></ActionListItem>}
							</ActionList>
						</div>
					)}
				</Form>
				{lists.map((list) => <StackItem key={list.path}><ListCard list={list} entries={entriesAt(saved, node.path, list)} onChanged={reload} /></StackItem>)}
			</ReferencesProvider>
		</>
	);
}
