// Asks before something is lost. The safe answer has the focus.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { messageOf } from '../api/http';
import { Notice } from './Notice';

interface ConfirmDialogProps {
	title: string;
	action: string;
	isDanger?: boolean;
	onConfirm: () => Promise<void>;
	onClose: () => void;
	children: ReactNode;
}

export function ConfirmDialog({ title, action, isDanger = true, onConfirm, onClose, children }: ConfirmDialogProps) {
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const act = async () => {
		setBusy(true);
		setFailure(null);
		try {
			await onConfirm();
			onClose();
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};
	return (
		<Modal variant="small" isOpen onClose={onClose} aria-labelledby="confirm-title" aria-describedby="confirm-body">
			<ModalHeader title={title} labelId="confirm-title" titleIconVariant={isDanger ? 'warning' : undefined} />
			<ModalBody id="confirm-body">
				{children}
				{failure && <Notice variant="danger" title={failure} className="tp-gap-above" />}
			</ModalBody>
			<ModalFooter>
				<Button variant={isDanger ? 'danger' : 'primary'} isLoading={busy} isDisabled={busy} onClick={() => void act()}>{action}</Button>
				<Button variant="link" onClick={onClose}>Cancel</Button>
			</ModalFooter>
		</Modal>
	);
}
