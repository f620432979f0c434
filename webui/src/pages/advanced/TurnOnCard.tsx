// The way into the mode: what will happen, and the commit on trial.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import type { Advanced } from '../../api/advanced';
import { commit } from '../../api/config';
import { ApiError, connection, messageOf, put } from '../../api/http';
import { useLive } from '../../app/Live';
import { Link } from '../../app/router';
import { useSession } from '../../app/SessionContext';
import { durationText, plural } from '../../parts/format';
import { Notice } from '../../parts/Notice';

const windows = [300, 600, 1800, 3600];
const switchPath = '/restconf/ds/candidate/turnpike-access:access/advanced/enabled';

export function TurnOnCard({ advanced, onDone }: { advanced: Advanced; onDone: () => void }) {
	const { config } = useLive();
	const { renew } = useSession();
	const [within, setWithin] = useState(600);
	const [busy, setBusy] = useState(false);
	const [failures, setFailures] = useState<string[]>([]);
	const missing = advanced.prerequisites.filter((one) => !one.passed).length;
	const others = config.data?.changes ?? 0;
	const trial = config.data?.trial ?? null;
	const blocked = trial ? 'Another commit is on trial: confirm or undo it first.' : missing > 0 ? `${plural(missing, 'prerequisite')} missing, see above.` : null;

	const turnOn = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailures([]);
		try {
			await put(switchPath, { 'turnpike-access:enabled': true });
			await commit('Turn advanced account security on', within);
			await renew();
		} catch (error) {
			setFailures(error instanceof ApiError && error.faults.length > 1 ? error.faults.map((fault) => fault.message) : [messageOf(error)]);
			/* What was refused must not go along with somebody's next commit. */
			await connection.request('DELETE', switchPath).catch(() => undefined);
		}
		setBusy(false);
		config.refresh();
		onDone();
	};

	return (
		<Card>
			<CardHeader><CardTitle component="h2">Turn it on</CardTitle></CardHeader>
			<CardBody>
				<ol className="tp-steps">
					<li>The mode begins at once, on trial. {others > 0 ? <>The {plural(others, 'change')} waiting in the <Link to="/changes">candidate</Link> {others === 1 ? 'goes' : 'go'} along.</> : null}</li>
					<li>Sessions of local accounts end: yours, too, unless you came in by a remote source or with the emergency account.</li>
					<li>Somebody logs in under the mode, as a remote administrator or with the emergency account, and confirms within the time. Have that password or card at hand.</li>
					<li>When nobody does, everything is as before by itself. Once it is confirmed, the only way out is back to factory state.</li>
				</ol>
				<Form onSubmit={turnOn}>
					<div aria-live="polite" className="tp-contents">
						{failures.length > 0 && <Notice variant="danger" title="It was not turned on">{failures.length === 1 ? failures[0] : <ul className="pf-v6-c-list">{failures.map((text) => <li key={text}>{text}</li>)}</ul>}</Notice>}
						{blocked && <Notice variant="info" title={blocked} />}
					</div>
					<FormGroup label="Time to confirm" fieldId="advanced-within">
						<FormSelect id="advanced-within" value={within} onChange={(_event, value) => setWithin(Number(value))} className="tp-window" aria-describedby="advanced-within-help">
							{windows.map((seconds) => <FormSelectOption key={seconds} value={seconds} label={durationText(seconds)} />)}
						</FormSelect>
						<FormHelperText><HelperText id="advanced-within-help"><HelperTextItem>Long enough to log in anew and look around.</HelperTextItem></HelperText></FormHelperText>
					</FormGroup>
					<div><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || blocked !== null}>Turn it on, on trial</Button></div>
				</Form>
			</CardBody>
		</Card>
	);
}
