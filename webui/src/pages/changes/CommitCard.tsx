// The commit: comment, and the safety net for what can lock people out.
import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Checkbox, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useEffect, useState, type FormEvent } from 'react';
import { commit } from '../../api/config';
import { messageOf } from '../../api/http';
import { durationText } from '../../parts/format';
import { Notice } from '../../parts/Notice';

interface CommitCardProps {
	risky: boolean;
	blocked: string | null;
	/** null: the trial banner says it. */
	onCommitted: (message: string | null) => void;
	onDiscard: () => void;
}

const windows = [120, 300, 600, 1800];

export function CommitCard({ risky, blocked, onCommitted, onDiscard }: CommitCardProps) {
	const [comment, setComment] = useState('');
	const [guarded, setGuarded] = useState(risky);
	const [windowSeconds, setWindowSeconds] = useState(300);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	useEffect(() => setGuarded(risky), [risky]);

	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			const answer = await commit(comment, guarded ? windowSeconds : 0);
			onCommitted(answer.trial ? null : `Revision ${answer.revision} is committed and in force.`);
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};

	return (
		<Card>
			<CardHeader><CardTitle component="h2">Commit</CardTitle></CardHeader>
			<CardBody>
				<Form onSubmit={submit}>
					{failure && <Notice variant="danger" title="The commit was refused">{failure}</Notice>}
					{blocked && <Notice variant="info" title={blocked} />}
					<FormGroup label="Comment" fieldId="comment">
						<TextInput id="comment" value={comment} onChange={(_event, value) => setComment(value)} maxLength={200} placeholder="What this change is for" />
					</FormGroup>
					<FormGroup role="group" label="Safety net" fieldId="guarded">
						<Checkbox id="guarded" isChecked={guarded} onChange={(_event, value) => setGuarded(value)} label="Undo by itself unless I confirm" aria-describedby="guarded-help" />
						{guarded && (
							<FormSelect aria-label="Time to confirm" value={windowSeconds} onChange={(_event, value) => setWindowSeconds(Number(value))} className="tp-window">
								{windows.map((seconds) => <FormSelectOption key={seconds} value={seconds} label={`within ${durationText(seconds)}`} />)}
							</FormSelect>
						)}
						<FormHelperText>
							<HelperText id="guarded-help">
								<HelperTextItem variant={risky ? 'warning' : 'default'}>{risky ? 'This change can lock you out. If this page moves to another address or port, open it there, log in and confirm.' : 'Useful when a mistake would cut calls off while nobody is watching.'}</HelperTextItem>
							</HelperText>
						</FormHelperText>
					</FormGroup>
					<ActionList>
						<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || blocked !== null}>Commit</Button></ActionListItem>
						<ActionListItem><Button variant="link" isDanger onClick={onDiscard} isDisabled={busy}>Discard all changes</Button></ActionListItem>
					</ActionList>
				</Form>
			</CardBody>
		</Card>
	);
}
