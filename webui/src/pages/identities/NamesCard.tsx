// Whether what the services show stands the strict validation of clients, name by name.
import { Button, Card, CardBody, CardHeader, CardTitle, Form, InputGroup, InputGroupItem, Label, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState, type FormEvent } from 'react';
import { readNames, type NameVerdict } from '../../api/certificates';
import { useRead } from '../../app/usePoll';
import { usePrevious } from '../../app/usePrevious';
import { FailureNote, LoadingRows } from '../../parts/notes';

export function NamesCard() {
	const [typed, setTyped] = useState('');
	const [asked, setAsked] = useState('');
	const reading = useRead(`names ${asked}`, (signal) => readNames(asked, signal));
	const last = usePrevious(reading.data);
	const verdicts = reading.data ?? last;
	const ask = (event: FormEvent) => {
		event.preventDefault();
		setAsked(typed.trim());
	};
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">Names that clients ask for</CardTitle>
				<p className="tp-quiet">What a strict client, such as Jabber, says to the certificates that are in force. It trusts your authority.</p>
			</CardHeader>
			<CardBody>
				{!verdicts && reading.loading && <LoadingRows label="Checking the names" rows={3} />}
				{reading.error && <FailureNote title="The names could not be checked" error={reading.error} retry={reading.refresh} />}
				{verdicts && <VerdictTable verdicts={verdicts} />}
				<Form onSubmit={ask} className="tp-gap-above">
					<InputGroup>
						<InputGroupItem isFill><TextInput aria-label="Another name to check" placeholder="Another name, such as sip.example.com" value={typed} onChange={(_event, value) => setTyped(value)} spellCheck="false" autoCapitalize="none" autoComplete="off" /></InputGroupItem>
						<InputGroupItem><Button variant="control" type="submit">Check</Button></InputGroupItem>
					</InputGroup>
				</Form>
			</CardBody>
		</Card>
	);
}

function VerdictTable({ verdicts }: { verdicts: NameVerdict[] }) {
	return (
		<Table variant="compact" borders={false} aria-label="Names that clients ask for" gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={25}>Name</Th><Th modifier="nowrap">Why</Th><Th width={25}>Service</Th><Th width={35}>Verdict</Th></Tr></Thead>
			<Tbody>
				{verdicts.map((one) => (
					<Tr key={`${one.name} ${one.from} ${one.service}`}>
						<Td dataLabel="Name" className="tp-break tp-strong">{one.name}</Td>
						<Td dataLabel="Why" modifier="nowrap">{one.from}</Td>
						<Td dataLabel="Service">{one.service}</Td>
						<Td dataLabel="Verdict"><div><Label isCompact variant="outline" status={one.accepted ? 'success' : 'danger'}>{one.accepted ? 'Accepted' : 'Refused'}</Label>{one.reason && <div className="tp-reason">{one.reason}</div>}</div></Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
