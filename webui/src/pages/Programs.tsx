// What programs may do, and the tokens by which they come in.
import { Button, Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { deleteToken, readTokens, type ApiToken } from '../api/tokens';
import { usePoll } from '../app/usePoll';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { timeText } from '../parts/format';
import { FailureNote, LoadingRows, StaleNote } from '../parts/notes';
import { TokenDialog } from './programs/TokenDialog';
import { SettingsPage } from './settings/SettingsPage';

export function Programs() {
	return (
		<SettingsPage path="/turnpike-access:access/api" title="API access">
			<Tokens />
		</SettingsPage>
	);
}

function Tokens() {
	const reading = usePoll('tokens', readTokens, 10_000);
	const [making, setMaking] = useState(false);
	const [doomed, setDoomed] = useState<ApiToken | null>(null);
	const end = async (token: ApiToken) => {
		await deleteToken(token.id);
		reading.refresh();
	};
	return (
		<Card>
			<CardHeader actions={{ actions: <Button variant="secondary" isDisabled={!reading.data} onClick={() => setMaking(true)}>Make a token</Button> }}>
				<CardTitle component="h2">API tokens</CardTitle>
			</CardHeader>
			<CardBody>
				<p className="tp-gap-below">A token lets a program in as the local account that made it, without its password. It ends at its time, and with its account.</p>
				{reading.loading && <LoadingRows label="Reading the tokens" rows={2} />}
				{!reading.data && reading.error && <FailureNote title="The tokens could not be read" error={reading.error} retry={reading.refresh} />}
				{reading.data && <StaleNote error={reading.error} />}
				{reading.data && (reading.data.tokens.length > 0 ? <TokenTable tokens={reading.data.tokens} onDelete={setDoomed} /> : <p className="tp-quiet">There are none.</p>)}
			</CardBody>
			{making && reading.data && <TokenDialog mostDays={reading.data['most-days']} onClose={() => setMaking(false)} onMade={reading.refresh} />}
			{doomed && (
				<ConfirmDialog title={`Delete the token ${doomed.name}?`} action="Delete" onConfirm={() => end(doomed)} onClose={() => setDoomed(null)}>
					The program that uses it is refused from now on.
				</ConfirmDialog>
			)}
		</Card>
	);
}

function TokenTable({ tokens, onDelete }: { tokens: ApiToken[]; onDelete: (token: ApiToken) => void }) {
	return (
		<Table variant="compact" aria-label="API tokens" gridBreakPoint="grid-xl">
			<Thead><Tr><Th>Name</Th><Th>Account</Th><Th>May</Th><Th>Expires</Th><Th>Last use</Th><Th>Actions</Th></Tr></Thead>
			<Tbody>
				{tokens.map((token) => (
					<Tr key={token.id}>
						<Td dataLabel="Name" className="tp-break">{token.name}</Td>
						<Td dataLabel="Account" className="tp-break">{token.account}</Td>
						<Td dataLabel="May">{token.scope === 'write' ? 'Read and write' : 'Read'}</Td>
						<Td dataLabel="Expires" className="tp-number">{timeText(token['expires-at'])} {token.expired && <Label isCompact color="red">Expired</Label>}</Td>
						<Td dataLabel="Last use" className="tp-number">{token['last-used-at'] ? `${timeText(token['last-used-at'])} from ${token['last-used-source']}` : 'Never'}</Td>
						<Td dataLabel="Actions"><Button variant="link" isInline onClick={() => onDelete(token)} aria-label={`Delete the token ${token.name} of ${token.account}`}>Delete</Button></Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
