// A list of the configuration as a table: filter, add, edit, delete.
import { Button, Card, CardBody, CardHeader, CardTitle, Pagination, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import PlusIcon from '@patternfly/react-icons/dist/esm/icons/plus-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { deleteEntry, type ConfigTree } from '../../api/config';
import { useMayWrite } from '../../app/access';
import { useLive } from '../../app/Live';
import { EntryDialog } from '../../model/EntryDialog';
import { isPem } from '../../model/FieldControl';
import { choiceLabel, type SchemaNode } from '../../model/schema';
import { effective } from '../../model/when';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { LockoutLabel } from '../../parts/labels';
import { RowActions } from '../../parts/RowActions';

interface ListCardProps {
	list: SchemaNode;
	entries: ConfigTree[];
	onChanged: () => void;
}

const pageSize = 20;

export function ListCard({ list, entries, onChanged }: ListCardProps) {
	const mayWrite = useMayWrite();
	const { config } = useLive();
	const [filter, setFilter] = useState('');
	const [page, setPage] = useState(1);
	const [edited, setEdited] = useState<ConfigTree | 'new' | null>(null);
	const [doomed, setDoomed] = useState<string | null>(null);
	const key = list.keys?.[0] ?? 'name';
	const columns = (list.nodes ?? []).filter((node) => node.kind === 'leaf' && node.type !== 'secret' && !isPem(node)).slice(0, 5);
	const found = entries.filter((entry) => String(entry[key]).toLowerCase().includes(filter.toLowerCase()));
	const shown = found.slice((page - 1) * pageSize, page * pageSize);
	const changed = () => {
		onChanged();
		config.refresh();
	};
	return (
		<Card>
			<CardHeader actions={!mayWrite ? undefined : { actions: <Button variant="secondary" size="sm" icon={<PlusIcon />} onClick={() => setEdited('new')}>Add</Button>, hasNoOffset: true }}>
				<CardTitle component="h2">{plural(list.label)} {list.lockout && <LockoutLabel />}</CardTitle>
				<p className="tp-quiet">{list.help}</p>
			</CardHeader>
			<CardBody>
				{entries.length > pageSize && (
					<Toolbar>
						<ToolbarContent>
							<ToolbarItem><SearchInput aria-label={`Filter ${list.label}`} placeholder="Filter by name" value={filter} onChange={(_event, value) => { setFilter(value); setPage(1); }} onClear={() => setFilter('')} /></ToolbarItem>
							<ToolbarItem variant="pagination"><Pagination isCompact itemCount={found.length} page={page} perPage={pageSize} onSetPage={(_event, next) => setPage(next)} perPageOptions={[]} /></ToolbarItem>
						</ToolbarContent>
					</Toolbar>
				)}
				{entries.length === 0 && <p className="tp-quiet">None yet.</p>}
				{entries.length > 0 && (
					<Table variant="compact" borders={false} aria-label={list.label} gridBreakPoint="grid-md">
						<Thead><Tr>{columns.map((column) => <Th key={column.name}>{column.label}</Th>)}{mayWrite && <Th screenReaderText="Actions" />}</Tr></Thead>
						<Tbody>
							{shown.map((entry) => {
								const name = String(entry[key]);
								return (
									<Tr key={name}>
										{columns.map((column) => (
											<Td key={column.name} dataLabel={column.label}>
												{column.name === key && mayWrite ? <Button variant="link" isInline onClick={() => setEdited(entry)}>{name}</Button> : cellText(column, entry)}
											</Td>
										))}
										{mayWrite && <Td isActionCell><RowActions items={[{ title: 'Edit', onClick: () => setEdited(entry) }, { title: 'Delete', onClick: () => setDoomed(name) }]} /></Td>}
									</Tr>
								);
							})}
						</Tbody>
					</Table>
				)}
			</CardBody>
			{edited !== null && <EntryDialog list={list} entry={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSaved={changed} />}
			{doomed !== null && (
				<ConfirmDialog title={`Delete ${list.label.toLowerCase()} ${doomed}?`} action="Delete" onClose={() => setDoomed(null)} onConfirm={async () => {
					await deleteEntry(list.path, doomed);
					changed();
				}}>
					It is taken out of the candidate. Nothing changes on the appliance until you commit.
				</ConfirmDialog>
			)}
		</Card>
	);
}

function cellText(node: SchemaNode, entry: ConfigTree): string {
	const value = effective(node, entry[node.name]);
	if (value === undefined || value === null)
		return '–';
	if (node.type === 'boolean')
		return String(value) === 'true' ? 'On' : 'Off';
	return choiceLabel(node, String(value));
}

function plural(label: string): string {
	return /[^aeiou]y$/.test(label) ? `${label.slice(0, -1)}ies` : /s$/.test(label) ? label : `${label}s`;
}
