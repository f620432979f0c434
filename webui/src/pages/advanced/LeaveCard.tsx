// The way out of the mode: everything is wiped.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { leaveAdvanced } from '../../api/advanced';
import { messageOf } from '../../api/http';
import { useLive } from '../../app/Live';
import { useSession } from '../../app/SessionContext';
import { Notice } from '../../parts/Notice';

export function LeaveCard({ account }: { account: string | null }) {
	const { session } = useSession();
	const { config } = useLive();
	const [typed, setTyped] = useState('');
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [left, setLeft] = useState(false);
	const hostName = session['host-name'] ?? '';
	const may = session.emergency === true && !config.data?.trial;

	const leave = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		try {
			await leaveAdvanced(typed);
			setLeft(true);
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};

	return (
		<Card>
			<CardHeader><CardTitle component="h2">Leave the mode</CardTitle></CardHeader>
			<CardBody>
				<Notice variant="danger" title="Everything on this appliance is wiped" className="tp-gap-below">
					All settings, accounts, certificates and keys, logs, the history of calls and registrations, and what was blocked. Nothing can be kept, and nothing can be got back. The appliance then is as it was delivered: it asks for the first-login secret, which is a new one, and shows the wizard.
				</Notice>
				{left && <Notice variant="info" title="The appliance is being wiped">It starts anew in a moment, at the address and with the certificate that it was delivered with.</Notice>}
				{!left && !may && <p>{config.data?.trial ? 'The mode is on trial: undo it instead, by the message above.' : <>Only the emergency account{account && <> <strong>{account}</strong></>} may do this. Log in with it.</>}</p>}
				{!left && (
					<Form onSubmit={leave} className="tp-gap-above">
						{failure && <Notice variant="danger" title="The mode was not left">{failure}</Notice>}
						<FormGroup label="Host name of this appliance" fieldId="leave-host">
							<TextInput id="leave-host" value={typed} onChange={(_event, value) => setTyped(value)} isDisabled={!may} autoComplete="off" spellCheck="false" autoCapitalize="none" aria-describedby="leave-host-help" />
							<FormHelperText><HelperText id="leave-host-help"><HelperTextItem>Type {hostName} to show that you mean this one.</HelperTextItem></HelperText></FormHelperText>
						</FormGroup>
						<div><Button type="submit" variant="danger" isLoading={busy} isDisabled={busy || !may || typed !== hostName}>Wipe everything</Button></div>
					</Form>
				)}
			</CardBody>
		</Card>
	);
}
