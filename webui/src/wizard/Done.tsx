// After the wizard: what stands, and what the other half needs.
import { Button, ClipboardCopy, Content, Stack, StackItem, Title } from '@patternfly/react-core';
import { useRead } from '../app/usePoll';
import { readIdentity } from '../api/session';
import { Facts } from '../parts/Facts';
import { savePem } from '../parts/savePem';
import { otherRole, type Draft } from './draft';
import { Notice } from '../parts/Notice';

export function Done({ draft, revision, onGo }: { draft: Draft; revision: string; onGo: () => void }) {
	const identity = useRead('identity', readIdentity);
	const other = otherRole(draft.role);
	const own = draft.networks[0]?.address ?? '';
	return (
		<Stack hasGutter>
			<StackItem><Notice variant="success" title={`Revision ${revision} is in force`}>This appliance is the {draft.role} of the pair now.</Notice></StackItem>
			<StackItem>
				<Title headingLevel="h2" size="md">Next: the {other}</Title>
				<Content component="p">Open the wizard of the {other} and enter there:</Content>
			</StackItem>
			<StackItem>
				<Facts horizontalTermWidthModifier={{ default: '16ch', md: '24ch' }} facts={[
					['Role', other === 'edge' ? 'Edge' : 'Core'],
					...(draft.role === 'edge' ? [['Address of the edge', own] as [string, string]] : []),
					['Port', draft.peerPort],
					[`Host name of the ${draft.role}`, draft.hostName],
					...(draft.withPeer ? [['User and password', `${draft.linkUser}, and the password you entered here`] as [string, string]] : []),
					['CA fingerprint to compare', identity.data ? <ClipboardCopy key="ca" isReadOnly isCode variant="inline-compact" className="tp-fingerprint" hoverTip="Copy" clickTip="Copied">{identity.data['ca-fingerprint']}</ClipboardCopy> : '…'],
				]} />
			</StackItem>
			<StackItem>
				<Button variant="primary" onClick={onGo}>Go to the overview</Button>{' '}
				{identity.data && <Button variant="secondary" onClick={() => savePem(`${draft.hostName}-ca.pem`, identity.data?.ca ?? '')}>Download CA certificate</Button>}
			</StackItem>
		</Stack>
	);
}
