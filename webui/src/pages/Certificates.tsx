// Identity of this appliance and the authorities it trusts.
import { Button, Card, CardBody, CardHeader, CardTitle, ClipboardCopy, Grid, GridItem } from '@patternfly/react-core';
import { readIdentity } from '../api/session';
import type { Identity } from '../api/types';
import { useSession } from '../app/SessionContext';
import { useRead } from '../app/usePoll';
import { Facts } from '../parts/Facts';
import { dateText, daysUntil } from '../parts/format';
import { FailureNote, LoadingRows } from '../parts/notes';
import { savePem } from '../parts/savePem';
import { SettingsPage } from './settings/SettingsPage';

export function Certificates() {
	const reading = useRead('identity', readIdentity);
	return (
		<SettingsPage path="/turnpike-tls:tls">
			{reading.loading && <LoadingRows label="Reading the identity" rows={3} />}
			{reading.error && <FailureNote title="The identity could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data && <IdentityCards identity={reading.data} />}
		</SettingsPage>
	);
}

function IdentityCards({ identity }: { identity: Identity }) {
	const { session } = useSession();
	const days = daysUntil(identity['not-after']);
	const name = session['host-name'] || 'turnpike';
	return (
		<Grid hasGutter>
			<GridItem xl={6}>
				<Card isFullHeight>
					<CardHeader actions={{ actions: <Button variant="secondary" size="sm" onClick={() => savePem(`${name}-ca.pem`, identity.ca)}>Download CA</Button>, hasNoOffset: true }}><CardTitle component="h2">In force</CardTitle></CardHeader>
					<CardBody>
						<Facts facts={[
							['Subject', identity.subject],
							['Names', identity.names.join(', ')],
							['Valid until', `${dateText(identity['not-after'])}${days === null ? '' : ` (${days} days)`}`],
							['Key', identity['key-type']],
							['Certificate', <Fingerprint key="leaf" value={identity['certificate-fingerprint']} />],
							['CA', <Fingerprint key="ca" value={identity['ca-fingerprint']} />],
						]} />
					</CardBody>
				</Card>
			</GridItem>
			<GridItem xl={6}>
				<Card isFullHeight>
					<CardHeader><CardTitle component="h2">Trusted now</CardTitle></CardHeader>
					<CardBody>
						{identity.trusted.length === 0 && <p className="tp-quiet">No authority is trusted yet: no peer that shows a certificate is accepted.</p>}
						{identity.trusted.map((ca) => (
							<div key={ca.name} className="tp-link-block">
								<Facts facts={[['Name', ca.name], ['Subject', ca.subject], ['Valid until', dateText(ca['not-after'])], ['Fingerprint', <Fingerprint key="f" value={ca.fingerprint} />]]} />
							</div>
						))}
					</CardBody>
				</Card>
			</GridItem>
		</Grid>
	);
}

function Fingerprint({ value }: { value: string }) {
	return <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" variant="inline-compact" isCode className="tp-fingerprint">{value}</ClipboardCopy>;
}
