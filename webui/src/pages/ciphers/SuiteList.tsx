// The suites of one side of a service, in the order of preference, weak ones marked.
import { ExpandableSection, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import type { PolicySide, Suite } from '../../api/ciphers';
import { plural } from '../../parts/format';
import { sideWord } from './words';

export function SuiteList({ side, service, isAlone }: { side: PolicySide; service: string; isAlone: boolean }) {
	const [open, setOpen] = useState(false);
	const weak = side.suites.filter((suite) => suite.weak !== null).length;
	const what = isAlone ? 'Suites' : `${sideWord(side.side)} suites`;
	if (side.refused)
		return <div className="tp-suites-head"><span className="tp-strong">{what}</span><Label isCompact variant="outline" status="danger">Refused</Label><span>{side.refused.text}</span></div>;
	return (
		<div className="tp-suites">
			<div className="tp-suites-head">
				<span className="tp-strong">{what}</span>
				<span className="tp-number">{plural(side.suites.length, 'suite')} in use</span>
				{weak > 0 ? <Label isCompact variant="outline" status="warning">{`${weak} weak`}</Label> : <Label isCompact variant="outline" status="success">None weak</Label>}
			</div>
			<ExpandableSection toggleContent={<>{open ? 'Hide' : 'Show'} the {what.toLowerCase()}<span className="pf-v6-screen-reader"> of {service}</span></>} isExpanded={open} onToggle={(_event, next) => setOpen(next)}>
				{open && <SuiteTable suites={side.suites} label={`${what} of ${service}`} />}
			</ExpandableSection>
		</div>
	);
}

function SuiteTable({ suites, label }: { suites: Suite[]; label: string }) {
	return (
		<Table variant="compact" aria-label={label} gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={35}>Suite</Th><Th modifier="nowrap">From</Th><Th modifier="nowrap">Key exchange</Th><Th modifier="nowrap">Authentication</Th><Th>Encryption</Th><Th width={25}>Strength</Th></Tr></Thead>
			<Tbody>
				{suites.map((suite) => (
					<Tr key={suite.name}>
						<Td dataLabel="Suite"><span className="tp-mono tp-small">{suite.name}</span></Td>
						<Td dataLabel="From" modifier="nowrap">{suite.protocol.replace(/^TLSv/, 'TLS ').replace('SSLv3', 'SSL 3')}</Td>
						<Td dataLabel="Key exchange">{suite.exchange}</Td>
						<Td dataLabel="Authentication">{suite.authentication}</Td>
						<Td dataLabel="Encryption">{suite.encryption}</Td>
						<Td dataLabel="Strength">{suite.weak === null ? `${suite.bits} bits` : <><Label isCompact variant="outline" status="warning">Weak</Label><div className="tp-quiet tp-small">{suite.weak}</div></>}</Td>
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}
