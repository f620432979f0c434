// The appliance's own certificates: the shared one, and those that a service has for itself.
import { Button, Card, CardBody, CardHeader, CardTitle, Stack } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { readIdentities, type OwnIdentity } from '../api/certificates';
import { useMayWrite } from '../app/access';
import { Link, useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { ExpiryText } from '../parts/ExpiryLabel';
import { Facts } from '../parts/Facts';
import { FailureNote, LoadingRows } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { SerialsInUse } from '../parts/SerialsInUse';
import { ClientIdentities } from './identities/ClientIdentities';
import { NamesCard } from './identities/NamesCard';
import { hasTrouble, Notes } from './identities/Notes';
import { identityPath, nameText } from './identities/words';

export function Identities() {
	const reading = useRead('identities', readIdentities);
	const shared = reading.data?.identities.filter((identity) => identity.service === null) ?? [];
	const own = reading.data?.identities.filter((identity) => identity.service !== null && !identity.named) ?? [];
	const named = reading.data?.identities.filter((identity) => identity.named) ?? [];
	return (
		<PageFrame title="Identities" purpose="What this appliance shows to browsers, phones and the other half of the pair.">
			<Stack hasGutter>
				{reading.loading && <LoadingRows label="Reading the identities" rows={6} />}
				{reading.error && <FailureNote title="The identities could not be read" error={reading.error} retry={reading.refresh} />}
				{shared.map((identity) => <SharedCard key={identity.id} identity={identity} />)}
				{own.length > 0 && <OwnCard identities={own} />}
				{reading.data && <ClientIdentities identities={named} />}
				{reading.data && <NamesCard />}
				{reading.data && <SerialsInUse />}
			</Stack>
		</PageFrame>
	);
}

function SharedCard({ identity }: { identity: OwnIdentity }) {
	const { go } = useRouter();
	const mayWrite = useMayWrite();
	const { certificate } = identity;
	return (
		<Card>
			<CardHeader actions={{ actions: <Button variant="secondary" size="sm" onClick={() => go(identityPath(identity.id))}>{mayWrite ? 'Manage' : 'Details'}</Button>, hasNoOffset: true }}>
				<CardTitle component="h2">{identity.label} <Notes identity={identity} /></CardTitle>
				<p className="tp-quiet">Shown by every service that has no certificate of its own.</p>
			</CardHeader>
			<CardBody>
				{!certificate && <p className="tp-quiet">There is no certificate yet: TLS does not run.</p>}
				{certificate && (
					<Facts facts={[
						['Common name', certificate['common-name']],
						['Names', certificate.names.map(nameText).join(', ')],
						['Issued by', certificate['self-signed'] ? 'Itself (self-signed)' : certificate.issuer],
						['Valid until', <ExpiryText key="until" at={certificate['not-after-at']} />],
						['Key', certificate['key-type']],
						['In use by', identity['used-by'].join('; ')],
					]} />
				)}
			</CardBody>
		</Card>
	);
}

function OwnCard({ identities }: { identities: OwnIdentity[] }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Services</CardTitle><p className="tp-quiet">A service can have a certificate of its own, one for connections that come in and one for those that it makes.</p></CardHeader>
			<CardBody>
				<Table variant="compact" borders={false} aria-label="Services" gridBreakPoint="grid-lg">
					<Thead><Tr><Th width={25}>Service</Th><Th width={30}>Certificate</Th><Th modifier="nowrap">Valid until</Th><Th>State</Th></Tr></Thead>
					<Tbody>
						{identities.map((identity) => (
							<Tr key={identity.id}>
								<Td dataLabel="Service"><Link to={identityPath(identity.id)} className="tp-strong">{identity.label}</Link></Td>
								<Td dataLabel="Certificate" className="tp-break">{identity.configured ? identity.certificate?.['common-name'] ?? '–' : <span className="tp-quiet">The shared one</span>}</Td>
								<Td dataLabel="Valid until" modifier="nowrap">{identity.configured ? <ExpiryText at={identity.certificate?.['not-after-at'] ?? null} /> : '–'}</Td>
								<Td dataLabel="State"><div><Notes identity={identity} />{!identity.request && !identity.staged && !hasTrouble(identity) && '–'}</div></Td>
							</Tr>
						))}
					</Tbody>
				</Table>
			</CardBody>
		</Card>
	);
}
