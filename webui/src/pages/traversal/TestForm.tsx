// The questions of the secure traversal test.
import { ActionGroup, Button, Form } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import type { TraversalTestQuestion } from '../../api/tls';
import { TextQuestion } from '../../wizard/WizardField';

export interface TestDraft {
	address: string;
	port: string;
	verifyName: string;
	edgeName: string;
}

interface TestFormProps {
	start: TestDraft;
	busy: boolean;
	onRun: (question: TraversalTestQuestion) => void;
}

export function TestForm({ start, busy, onRun }: TestFormProps) {
	const [draft, setDraft] = useState(start);
	const [asked, setAsked] = useState(false);
	const port = Number(draft.port);
	const faults = {
		address: draft.address.trim() ? undefined : 'Enter the name or the IP address of the edge.',
		port: Number.isInteger(port) && port >= 1 && port <= 65535 ? undefined : 'A port is a number from 1 to 65535.',
		verifyName: draft.verifyName.trim() ? undefined : 'Enter the name that the edge expects of this core.',
	};
	const set = (part: keyof TestDraft) => (value: string) => setDraft((old) => ({ ...old, [part]: value }));
	const shown = (fault: string | undefined) => (asked ? fault : undefined);
	const submit = (event: FormEvent) => {
		event.preventDefault();
		setAsked(true);
		if (Object.values(faults).some(Boolean))
			return;
		onRun({
			address: draft.address.trim(), port, 'verify-name': draft.verifyName.trim(),
			...(draft.edgeName.trim() && { 'edge-name': draft.edgeName.trim() }),
		});
	};
	return (
		<Form onSubmit={submit} noValidate>
			<TextQuestion id="edge-address" label="Address of the edge" help="Its name (FQDN) or IP address, as in the peers of the zone." value={draft.address} onChange={set('address')} fault={shown(faults.address)} />
			<TextQuestion id="edge-port" label="Port" help="Where the traversal server zone of the edge listens." value={draft.port} onChange={set('port')} fault={shown(faults.port)} isNumber />
			<TextQuestion id="verify-name" label="Verify name of this core" help="As set on the zone of the edge: our certificate has to carry it." value={draft.verifyName} onChange={set('verifyName')} fault={shown(faults.verifyName)} />
			<TextQuestion id="edge-name" label="Name of the edge" help="What the certificate of the edge has to carry; empty: its address." value={draft.edgeName} onChange={set('edgeName')} isRequired={false} />
			<ActionGroup><Button type="submit" isLoading={busy} isDisabled={busy}>{busy ? 'Testing' : 'Run the test'}</Button></ActionGroup>
		</Form>
	);
}
