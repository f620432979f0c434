// "Test a user": which step of a login fails. The password stays in its field until it is
// sent, and is taken out of it then.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Label, TextInput } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { useRef, useState, type FormEvent } from 'react';
import { ApiError, messageOf } from '../../api/http';
import { loginSourceNames, testLogin, type LoginStep, type LoginVerdict } from '../../api/loginTest';
import { levelNames } from '../../app/access';
import { Facts } from '../../parts/Facts';
import { capital, durationText } from '../../parts/format';
import { Notice } from '../../parts/Notice';

export function UserTest() {
	const password = useRef<HTMLInputElement>(null);
	const [user, setUser] = useState('');
	const [source, setSource] = useState('');
	const [candidate, setCandidate] = useState(false);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [verdict, setVerdict] = useState<LoginVerdict | null>(null);
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		const question = { user: user.trim(), ...(password.current?.value && { password: password.current.value }), ...(source && { source }), ...(candidate && { datastore: 'candidate' as const }) };
		if (password.current)
			password.current.value = '';
		setBusy(true);
		setFailure(null);
		setVerdict(null);
		try {
			setVerdict(await testLogin(question));
		} catch (error) {
			setFailure(failureOf(error));
		}
		setBusy(false);
	};
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">Test a user</CardTitle>
				<p className="tp-quiet">Asks as a login would, and opens no session. The password is not kept. A wrong one counts as a failed attempt with the source that is asked.</p>
			</CardHeader>
			<CardBody>
				<Form isHorizontal onSubmit={submit} noValidate className="tp-fields">
					<FormGroup label="User name" fieldId="test-user" isRequired>
						<TextInput id="test-user" value={user} onChange={(_event, value) => setUser(value)} autoComplete="off" autoCapitalize="none" spellCheck="false" />
					</FormGroup>
					<FormGroup label="Password" fieldId="test-password">
						<TextInput id="test-password" ref={password} type="password" autoComplete="new-password" spellCheck="false" aria-describedby="test-password-help" />
						<FormHelperText><HelperText id="test-password-help"><HelperTextItem>Leave it empty to ask only what the user may do, as a login by certificate does.</HelperTextItem></HelperText></FormHelperText>
					</FormGroup>
					<FormGroup label="Settings" fieldId="test-settings">
						<FormSelect id="test-settings" value={candidate ? 'candidate' : 'running'} onChange={(_event, value) => setCandidate(value === 'candidate')} aria-describedby="test-settings-help">
							<FormSelectOption value="running" label="Those in force" />
							<FormSelectOption value="candidate" label="Those of the candidate" />
						</FormSelect>
						<FormHelperText><HelperText id="test-settings-help"><HelperTextItem>The candidate holds what is saved above and not committed yet.</HelperTextItem></HelperText></FormHelperText>
					</FormGroup>
					<FormGroup label="Source to ask" fieldId="test-source">
						<FormSelect id="test-source" value={source} onChange={(_event, value) => setSource(value)} aria-describedby="test-source-help">
							<FormSelectOption value="" label="As the settings say" />
							{Object.entries(loginSourceNames).map(([name, label]) => <FormSelectOption key={name} value={name} label={label} />)}
						</FormSelect>
						<FormHelperText><HelperText id="test-source-help"><HelperTextItem>A source can be tested before logins go there.</HelperTextItem></HelperText></FormHelperText>
					</FormGroup>
					<div><Button type="submit" variant="secondary" isLoading={busy} isDisabled={busy || user.trim() === ''}>{busy ? 'Testing' : 'Test'}</Button></div>
				</Form>
				<div aria-live="polite">
					{failure && <Notice variant="danger" title={failure} className="tp-gap-above" />}
					{verdict && <Outcome verdict={verdict} />}
				</div>
			</CardBody>
		</Card>
	);
}

function failureOf(error: unknown): string {
	if (error instanceof ApiError && error.status === 429)
		return error.retryAfterSeconds ? `Too many attempts for this user. Wait ${durationText(error.retryAfterSeconds)} before the next one.` : 'Too many attempts for this user. Wait before the next one.';
	return messageOf(error);
}

const outcomes = {
	passed: { variant: 'success', title: 'This user may come in' },
	refused: { variant: 'danger', title: 'This user would be refused' },
	busy: { variant: 'warning', title: 'The appliance has too much to check: try again' },
	unavailable: { variant: 'danger', title: 'A source that might know this user does not answer' },
} as const;

const sourceName = (source: string) => loginSourceNames[source] ?? source;

function Outcome({ verdict }: { verdict: LoginVerdict }) {
	const look = outcomes[verdict.result];
	const access = [verdict.web && 'web interface', verdict.api && 'API'].filter(Boolean).join(' and ');
	return (
		<>
			<Notice variant={look.variant} title={look.title} className="tp-gap-above" />
			{verdict.result === 'passed' && (
				<Facts className="tp-gap-above" facts={[['User', verdict.user], ['Known to', verdict.source && sourceName(verdict.source)], ['Level', verdict.level && levelNames[verdict.level]], ['May use', capital(access)]]} />
			)}
			<ol className="tp-checklist tp-gap-above" aria-label="Steps of the login">
				{verdict.steps.map((step, at) => <Step key={at} step={step} />)}
			</ol>
		</>
	);
}

function Step({ step }: { step: LoginStep }) {
	const Icon = step.passed ? CheckCircleIcon : ExclamationCircleIcon;
	return (
		<li className={`tp-check tp-check-${step.passed ? 'ok' : 'fail'}`}>
			<span className="tp-check-mark" aria-hidden="true"><Icon /></span>
			<div>
				<h3 className="tp-check-title">
					{sourceName(step.source)}: {step.step} <Label isCompact variant="outline" color={step.passed ? 'green' : 'red'}>{step.passed ? 'Passed' : 'Failed'}</Label>
				</h3>
				{step.text && <p className="tp-break">{step.text}</p>}
				{step.remedy && <p className="tp-break tp-gap-above-small"><strong>What to do:</strong> {step.remedy}</p>}
			</div>
		</li>
	);
}
