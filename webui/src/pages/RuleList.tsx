// The search rules in the order they are tried.
import { Button, Switch } from '@patternfly/react-core';
import RouteIcon from '@patternfly/react-icons/dist/esm/icons/route-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { deleteEntry, putEntry, readCandidate, type ConfigTree } from '../api/config';
import { messageOf } from '../api/http';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { Link, useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { ForChanges } from '../parts/ForChanges';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { RowActions } from '../parts/RowActions';
import { isOn, matchText, priorityOf, ruleListPath, sourceText, targetText } from './rules/words';
import { Notice } from '../parts/Notice';

const readRules = async () => {
	const { value } = await readCandidate('/turnpike-search:search');
	const rules = (value.rule ?? []) as ConfigTree[];
	return rules.toSorted((a, b) => priorityOf(a) - priorityOf(b) || String(a.name).localeCompare(String(b.name)));
};

export function RuleList() {
	const { go } = useRouter();
	const { config } = useLive();
	const mayWrite = useMayWrite();
	const reading = useRead(`rules ${config.data?.changes} ${config.data?.running.revision}`, readRules);
	const last = usePrevious(reading.data);
	const rules = reading.data ?? last;
	const [doomed, setDoomed] = useState<string | null>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const changed = () => {
		reading.refresh();
		config.refresh();
	};
	const toggle = async (rule: ConfigTree) => {
		setFailure(null);
		try {
			await putEntry(ruleListPath, String(rule.name), { ...rule, enabled: !isOn(rule) }, null);
			changed();
		} catch (error) {
			setFailure(messageOf(error));
		}
	};
	const create = <ForChanges><Button variant="primary" onClick={() => go('/rules/new')}>Create rule</Button></ForChanges>;
	return (
		<PageFrame title="Search rules" purpose="Where a call goes: tried from the lowest priority number up, equal numbers at the same time." actions={create}>
			{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
			{!rules && !reading.error && <LoadingRows label="Reading the rules" />}
			{!rules && reading.error && <FailureNote title="The rules could not be read" error={reading.error} retry={reading.refresh} />}
			{rules?.length === 0 && <Nothing title="No search rules" icon={RouteIcon} action={create}>Without a rule no call finds its way. Begin with one that leads to registered phones, or to the other half of the pair.</Nothing>}
			{rules && rules.length > 0 && (
				<Table variant="compact" aria-label="Search rules" gridBreakPoint="grid-lg">
					<Thead><Tr><Th modifier="nowrap">Priority</Th><Th width={20}>Name</Th><Th modifier="nowrap">From</Th><Th width={25}>Called address</Th><Th modifier="nowrap">Leads to</Th><Th modifier="nowrap">Then</Th><Th modifier="nowrap">Enabled</Th><Th screenReaderText="Actions" /></Tr></Thead>
					<Tbody>
						{rules.map((rule) => {
							const name = String(rule.name);
							const to = `/rules/${encodeURIComponent(name)}`;
							return (
								<Tr key={name} className={isOn(rule) ? undefined : 'tp-row-off'}>
									<Td dataLabel="Priority" className="tp-number">{priorityOf(rule)}</Td>
									<Td dataLabel="Name"><Link to={to} className="tp-strong">{name}</Link></Td>
									<Td dataLabel="From">{sourceText(rule)}</Td>
									<Td dataLabel="Called address">{matchText(rule)}</Td>
									<Td dataLabel="Leads to">{targetText(rule)}</Td>
									<Td dataLabel="Then">{rule['on-match'] === 'stop' ? 'Stop' : 'Continue'}</Td>
									<Td dataLabel="Enabled"><Switch id={`rule-${name}`} aria-label={`Rule ${name} enabled`} isChecked={isOn(rule)} isDisabled={!mayWrite} onChange={() => void toggle(rule)} /></Td>
									<Td isActionCell><ForChanges><RowActions items={[{ title: 'Edit', onClick: () => go(to) }, { title: 'Delete', onClick: () => setDoomed(name) }]} /></ForChanges></Td>
								</Tr>
							);
						})}
					</Tbody>
				</Table>
			)}
			{doomed !== null && (
				<ConfirmDialog title={`Delete rule ${doomed}?`} action="Delete" onClose={() => setDoomed(null)} onConfirm={async () => {
					await deleteEntry(ruleListPath, doomed);
					changed();
				}}>
					It is taken out of the candidate. Calls are routed by it until you commit.
				</ConfirmDialog>
			)}
		</PageFrame>
	);
}
