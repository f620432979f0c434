// Changes by setting: before and after, in the model's words.
import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { Change } from '../../api/types';
import { Link } from '../../app/router';
import { LockoutLabel } from '../../parts/labels';
import { placeOf } from './places';

const operations = {
	change: <Label isCompact color="blue">Changed</Label>,
	add: <Label isCompact color="green">Added</Label>,
	delete: <Label isCompact color="red">Removed</Label>,
};

interface DiffTableProps {
	changes: Change[];
	label: string;
	/** Faults by plain path. */
	faults?: ReadonlyMap<string, string>;
	linked?: boolean;
}

export function DiffTable({ changes, label, faults, linked = false }: DiffTableProps) {
	return (
		<Table variant="compact" aria-label={label} gridBreakPoint="grid-lg">
			<Thead><Tr><Th width={35}>Setting</Th><Th modifier="nowrap">What</Th><Th modifier="nowrap">Before</Th><Th modifier="nowrap">After</Th></Tr></Thead>
			<Tbody>
				{changes.map((change) => {
					const fault = faults?.get(change.path);
					const place = linked && change.op !== 'delete' ? placeOf(change.path) : null;
					return (
						<Tr key={`${change.path} ${change.op}`}>
							<Td dataLabel="Setting">
								<div>
									{place ? <Link to={place}>{change.label || change.path}</Link> : change.label || change.path}{' '}
									{change.lockout && <LockoutLabel />}
									{fault && <div className="tp-danger-text">{fault}</div>}
								</div>
							</Td>
							<Td dataLabel="What">{operations[change.op]}</Td>
							<Td dataLabel="Before"><Value text={change.before} className="tp-before" /></Td>
							<Td dataLabel="After"><Value text={change.after} className="tp-after" /></Td>
						</Tr>
					);
				})}
			</Tbody>
		</Table>
	);
}

const longest = 160;

function Value({ text, className }: { text: string | null; className: string }) {
	if (text === null || text === '')
		return <span className="tp-quiet">–</span>;
	const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
	return <span className={className}>{shown}</span>;
}
