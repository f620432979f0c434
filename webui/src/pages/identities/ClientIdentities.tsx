// Further certificates that zones show on the connections that they open.
import { Button, Card, CardBody, CardHeader, CardTitle, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { addClientIdentity, type OwnIdentity } from '../../api/certificates';
import { useLive } from '../../app/Live';
import { Link, useRouter } from '../../app/router';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { ExpiryText } from '../../parts/ExpiryLabel';
import { ForChanges } from '../../parts/ForChanges';
import { hasTrouble, Notes } from './Notes';
import { identityPath } from './words';

export function ClientIdentities({ identities }: { identities: OwnIdentity[] }) {
	const [adding, setAdding] = useState(false);
	return (
		<Card>
			<CardHeader actions={{ actions: <ForChanges><Button variant="secondary" size="sm" onClick={() => setAdding(true)}>Add one</Button></ForChanges>, hasNoOffset: true }}>
				<CardTitle component="h2">Client identities of zones</CardTitle>
				<p className="tp-quiet">A zone can show one of these on the connections that it opens, in place of that of its service.</p>
			</CardHeader>
			<CardBody>
				{identities.length === 0 && <p className="tp-quiet">There is none: all zones show the certificates of their services.</p>}
				{identities.length > 0 && <IdentityTable identities={identities} />}
			</CardBody>
			{adding && <AddDialog onClose={() => setAdding(false)} />}
		</Card>
	);
}

function IdentityTable({ identities }: { identities: OwnIdentity[] }) {
	return (
		<Table variant="compact" borders={false} aria-label="Client identities of zones" gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={20}>Name</Th><Th width={25}>Certificate</Th><Th modifier="nowrap">Valid until</Th><Th>In use by</Th><Th>State</Th></Tr></Thead>
			<Tbody>
				{identities.map((identity) => (
					<Tr key={identity.id}>
						<Td dataLabel="Name"><Link to={identityPath(identity.id)} className="tp-strong">{identity.label}</Link></Td>
						<Td dataLabel="Certificate" className="tp-break">{identity.certificate?.['common-name'] ?? <span className="tp-quiet">None yet</span>}</Td>
						<Td dataLabel="Valid until" modifier="nowrap">{identity.certificate ? <ExpiryText at={identity.certificate['not-after-at']} /> : '–'}</Td>
						<Td dataLabel="In use by" className="tp-break">{identity['used-by'].join('; ') || '–'}</Td>
						<Td dataLabel="State"><div><Notes identity={identity} />{!identity.request && !identity.staged && !hasTrouble(identity) && '–'}</div></Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}

function AddDialog({ onClose }: { onClose: () => void }) {
	const { go } = useRouter();
	const { config } = useLive();
	const [name, setName] = useState('');
	return (
		<ConfirmDialog title="Add a client identity" action="Add" isDanger={false} onClose={onClose} onConfirm={async () => {
			await addClientIdentity(name.trim());
			config.refresh();
			go(identityPath(name.trim()));
		}}>
			<FormGroup label="Name" fieldId="client-identity-name" isRequired>
				<TextInput id="client-identity-name" value={name} maxLength={31} onChange={(_event, value) => setName(value)} aria-describedby="client-identity-help" />
				<FormHelperText><HelperText id="client-identity-help"><HelperTextItem>1 to 31 small letters, digits and hyphens. Zones refer to it by this name.</HelperTextItem></HelperText></FormHelperText>
			</FormGroup>
			<p className="tp-gap-above">It gets its certificate on the next page, and works when the changes are committed.</p>
		</ConfirmDialog>
	);
}
