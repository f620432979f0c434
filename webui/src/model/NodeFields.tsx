// The fields of a container or list entry, in the model's order; containers in it
// become groups, lists in it rows that are edited in place.
import { Button, FormFieldGroup, FormFieldGroupHeader } from '@patternfly/react-core';
import TrashIcon from '@patternfly/react-icons/dist/esm/icons/trash-icon';
import PlusIcon from '@patternfly/react-icons/dist/esm/icons/plus-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ConfigTree, ConfigValue } from '../api/config';
import { isKey, type Faults } from './check';
import { Field, fieldId } from './Field';
import { FieldControl } from './FieldControl';
import type { SchemaNode } from './schema';
import { applies, childScope, type Scope } from './when';

interface NodeFieldsProps {
	scope: Scope;
	path: string;
	faults: Faults;
	onChange: (value: ConfigTree) => void;
	/** The keys of an entry that exists cannot be changed. */
	fixedKeys?: boolean;
	/** Names that another part of the page shows. */
	leaveOut?: (node: SchemaNode) => boolean;
}

export function NodeFields({ scope, path, faults, onChange, fixedKeys = false, leaveOut }: NodeFieldsProps) {
	const set = (name: string, value: ConfigValue | undefined) => onChange({ ...scope.value, [name]: value });
	const nodes = (scope.node.nodes ?? []).filter((node) => applies(node, scope) && !leaveOut?.(node));
	return nodes.map((node) => {
		const at = `${path}/${node.name}`;
		const value = scope.value[node.name];
		if (node.kind === 'container') {
			return (
				<FormFieldGroup key={node.name} header={<FormFieldGroupHeader titleText={{ text: node.label, id: fieldId(at) }} titleDescription={node.help} />}>
					<NodeFields scope={childScope(scope, node, value)} path={at} faults={faults} onChange={(next) => set(node.name, next)} leaveOut={leaveOut} />
				</FormFieldGroup>
			);
		}
		if (node.kind === 'list')
			return <Rows key={node.name} list={node} scope={scope} path={at} faults={faults} onChange={(next) => set(node.name, next)} />;
		const key = isKey(scope.node.kind === 'list' ? scope.node : null, node);
		return <Field key={node.name} node={node} path={at} value={value} onChange={(next) => set(node.name, next)} fault={faults.get(at)} isRequired={Boolean(node.mandatory) || key} isReadOnly={fixedKeys && key} marksLockout={node.lockout === true && scope.node.lockout !== true} />;
	});
}

interface RowsProps {
	list: SchemaNode;
	scope: Scope;
	path: string;
	faults: Faults;
	onChange: (entries: ConfigTree[]) => void;
}

function Rows({ list, scope, path, faults, onChange }: RowsProps) {
	const entries = (scope.value[list.name] ?? []) as ConfigTree[];
	const leaves = (list.nodes ?? []).filter((node) => node.kind === 'leaf');
	const own = faults.get(path);
	const set = (at: number, name: string, value: ConfigValue | undefined) =>
		onChange(entries.map((entry, n) => (n === at ? { ...entry, [name]: value } : entry)));
	return (
		<FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: list.label, id: fieldId(path) }} titleDescription={list.help} actions={<Button variant="secondary" size="sm" icon={<PlusIcon />} onClick={() => onChange([...entries, {}])}>Add</Button>} />}>
			{own && <p role="alert" className="tp-danger-text">{own}</p>}
			{entries.length === 0 && <p className="tp-quiet">None yet.</p>}
			{entries.length > 0 && (
				<Table variant="compact" borders={false} aria-label={list.label} gridBreakPoint="grid-md">
					<Thead><Tr>{leaves.map((leaf, n) => <Th key={leaf.name} width={n === 0 ? 50 : undefined}>{leaf.label}</Th>)}<Th screenReaderText="Remove" /></Tr></Thead>
					<Tbody>
						{entries.map((entry, at) => (
							<Tr key={at}>
								{leaves.map((leaf) => {
									const fieldPath = `${rowPath(path, list, entry)}/${leaf.name}`;
									const fault = faults.get(fieldPath);
									const id = `${fieldId(path)}-${at}-${leaf.name}`;
									return (
										<Td key={leaf.name} dataLabel={leaf.label}>
											<FieldControl node={leaf} id={id} value={entry[leaf.name]} onChange={(next) => set(at, leaf.name, next)} isFaulty={fault !== undefined} isReadOnly={false} describedBy={`${id}-help`} label={`${leaf.label}, row ${at + 1}`} />
											<div id={`${id}-help`} className={fault ? 'tp-danger-text' : 'tp-quiet tp-small'}>{fault ?? leaf.help}</div>
										</Td>
									);
								})}
								<Td isActionCell><Button variant="plain" aria-label={`Remove row ${at + 1}`} icon={<TrashIcon />} onClick={() => onChange(entries.filter((_, n) => n !== at))} /></Td>
							</Tr>
						))}
					</Tbody>
				</Table>
			)}
		</FormFieldGroup>
	);
}

function rowPath(path: string, list: SchemaNode, entry: ConfigTree): string {
	return path + (list.keys ?? []).map((key) => `[${key}='${String(entry[key] ?? '')}']`).join('');
}
