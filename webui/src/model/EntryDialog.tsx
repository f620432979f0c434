// Create or edit one entry of a list, over the page that shows the list.
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import type { ConfigTree } from '../api/config';
import { useFirstFault } from '../parts/useFirstFault';
import { NodeFields } from './NodeFields';
import type { SchemaNode } from './schema';
import { useEntryDraft } from './useEntryDraft';
import { FaultList } from '../parts/FaultList';

interface EntryDialogProps {
	list: SchemaNode;
	entry: ConfigTree | null;
	onClose: () => void;
	onSaved: () => void;
}

export function EntryDialog({ list, entry, onClose, onSaved }: EntryDialogProps) {
	const draft = useEntryDraft(list, entry ?? {}, null, entry === null);
	const [saved, setSaved] = useState(false);
	useFirstFault(draft.faults);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		const isFine = await draft.save();
		setSaved(true);
		if (isFine) {
			onSaved();
			onClose();
		}
	};
	const close = () => {
		if (saved)
			onSaved();
		onClose();
	};
	const title = entry ? `Edit ${list.label.toLowerCase()} ${String(entry[list.keys?.[0] ?? 'name'])}` : `Add ${list.label.toLowerCase()}`;
	return (
		<Modal variant="medium" isOpen onClose={close} aria-labelledby="entry-title">
			<ModalHeader title={title} labelId="entry-title" description={entry ? undefined : list.help} />
			<ModalBody>
				<FaultList faults={draft.general} isSaved={draft.flawed} />
				<Form id="entry-form" onSubmit={submit} noValidate>
					<NodeFields scope={draft.scope} path={draft.path} faults={draft.faults} onChange={draft.change} fixedKeys={draft.exists} />
				</Form>
			</ModalBody>
			<ModalFooter>
				<Button type="submit" form="entry-form" variant="primary" isLoading={draft.busy} isDisabled={draft.busy}>Save to the candidate</Button>
				<Button variant="link" onClick={close}>Cancel</Button>
			</ModalFooter>
		</Modal>
	);
}
