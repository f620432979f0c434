// Create or edit a zone or a search rule on a page of its own.
import { ActionList, ActionListItem, Button, Card, CardBody, Form, Stack } from '@patternfly/react-core';
import { useEffect, type FormEvent } from 'react';
import { readCandidate, type ConfigTree } from '../api/config';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { NodeFields } from '../model/NodeFields';
import { ReferencesProvider, useReadReferences } from '../model/references';
import { findNode, type SchemaNode } from '../model/schema';
import { useEntryDraft } from '../model/useEntryDraft';
import { FaultList } from '../parts/FaultList';
import { ForChanges } from '../parts/ForChanges';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { useFirstFault } from '../parts/useFirstFault';

interface CandidateEntryProps {
	listPath: string;
	/** null creates. */
	name: string | null;
	title: string;
	back: { to: string; label: string }[];
	/** What a new entry begins with. */
	initial?: ConfigTree;
	leaveTo: string;
}

export function CandidateEntry({ listPath, name, title, back, initial, leaveTo }: CandidateEntryProps) {
	const { model } = useLive();
	const { go } = useRouter();
	const mayWrite = useMayWrite();
	const list = model.data && findNode(model.data, listPath);
	const path = name === null ? null : `${listPath}=${encodeURIComponent(name)}`;
	const reading = useRead(`entry ${path}`, async () => (path === null ? { value: initial ?? {}, etag: null } : readCandidate(path)));
	const isGone = name !== null && reading.data !== null && Object.keys(reading.data.value).length === 0;
	return (
		<PageFrame title={mayWrite ? title : name ?? title} back={back} purpose={name === null ? list?.help : undefined}>
			{(model.loading || reading.loading) && <LoadingRows label="Reading the settings" rows={6} />}
			{model.error && <FailureNote title="The description of the settings could not be read" error={model.error} retry={model.refresh} />}
			{reading.error && <FailureNote title="The settings could not be read" error={reading.error} retry={reading.refresh} />}
			{isGone && <Nothing title={`There is no “${name}” in the candidate`} action={<Button variant="link" onClick={() => go(leaveTo)}>Back</Button>}>It may have been deleted or renamed.</Nothing>}
			{list && reading.data && !isGone && <EntryForm list={list} initial={reading.data.value} etag={reading.data.etag} isNew={name === null} leaveTo={leaveTo} />}
		</PageFrame>
	);
}

interface EntryFormProps {
	list: SchemaNode;
	initial: ConfigTree;
	etag: string | null;
	isNew: boolean;
	leaveTo: string;
}

function EntryForm({ list, initial, etag, isNew, leaveTo }: EntryFormProps) {
	const { go, guard } = useRouter();
	const draft = useEntryDraft(list, initial, etag, isNew);
	const references = useReadReferences(list);
	useFirstFault(draft.faults);
	useEffect(() => {
		guard(draft.dirty ? () => window.confirm('Leave this page and lose the edits that are not saved?') : null);
		return () => guard(null);
	}, [guard, draft.dirty]);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		if (await draft.save()) {
			guard(null);
			go(leaveTo);
		}
	};
	return (
		<ReferencesProvider value={references}>
			<Stack hasGutter>
				<FaultList faults={draft.general} isSaved={draft.flawed} />
				<Form onSubmit={submit} isHorizontal noValidate className="tp-settings">
					<Card><CardBody className="tp-fields"><NodeFields scope={draft.scope} path={draft.path} faults={draft.faults} onChange={draft.change} fixedKeys={draft.exists} /></CardBody></Card>
					<ForChanges>
						<div className={draft.dirty ? 'tp-save-bar tp-save-bar-open' : 'tp-save-bar'}>
							<ActionList>
								<ActionListItem><Button type="submit" variant="primary" isLoading={draft.busy} isDisabled={draft.busy}>Save to the candidate</Button></ActionListItem>
								<ActionListItem><Button variant="link" onClick={() => go(leaveTo)}>Cancel</Button></ActionListItem>
							</ActionList>
						</div>
					</ForChanges>
				</Form>
			</Stack>
		</ReferencesProvider>
	);
}
