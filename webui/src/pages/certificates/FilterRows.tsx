// Filters on the columns of a list: column, condition, value, as many as wanted.
import { Button, Card, CardBody, Form, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import PlusIcon from '@patternfly/react-icons/dist/esm/icons/plus-icon';
import TimesIcon from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { useState, type FormEvent } from 'react';
import type { ListColumn, ListCondition, ListFilter } from '../../api/certificates';

interface FilterRowsProps {
	columns: ListColumn[];
	conditions: ListCondition[];
	filters: ListFilter[];
	any: boolean;
	onFind: (filters: ListFilter[], any: boolean) => void;
}

const most = 8;
const fresh: ListFilter = { column: 'common-name', condition: 'contains', value: '' };

export function FilterRows({ columns, conditions, filters, any, onFind }: FilterRowsProps) {
	const [rows, setRows] = useState(filters.length > 0 ? filters : [fresh]);
	const [either, setEither] = useState(any);
	const wantsValue = (row: ListFilter) => conditions.find((condition) => condition.name === row.condition)?.value ?? true;
	const change = (at: number, next: ListFilter) => setRows(rows.map((row, index) => (index === at ? next : row)));
	const find = (event: FormEvent) => {
		event.preventDefault();
		onFind(rows.filter((row) => row.value !== '' || !wantsValue(row)), either);
	};
	const clear = () => {
		setRows([fresh]);
		setEither(false);
		onFind([], false);
	};
	return (
		<Card>
			<CardBody>
				<Form onSubmit={find} aria-label="Filters">
					{rows.length > 1 && (
						<FormSelect aria-label="How filters go together" value={either ? 'any' : 'all'} onChange={(_event, value) => setEither(value === 'any')} className="tp-window">
							<FormSelectOption value="all" label="All of these hold" />
							<FormSelectOption value="any" label="Any of these holds" />
						</FormSelect>
					)}
					{rows.map((row, at) => (
						<FilterRow key={at} number={at + 1} row={row} columns={columns} conditions={conditions} wantsValue={wantsValue(row)} onChange={(next) => change(at, next)} onRemove={rows.length > 1 ? () => setRows(rows.filter((_row, index) => index !== at)) : undefined} />
					))}
					<div className="tp-buttons">
						<Button type="submit" variant="primary">Find</Button>
						<Button variant="secondary" icon={<PlusIcon />} isDisabled={rows.length >= most} onClick={() => setRows([...rows, fresh])}>Add a filter</Button>
						<Button variant="link" onClick={clear}>Clear</Button>
					</div>
				</Form>
			</CardBody>
		</Card>
	);
}

interface FilterRowProps {
	number: number;
	row: ListFilter;
	columns: ListColumn[];
	conditions: ListCondition[];
	wantsValue: boolean;
	onChange: (row: ListFilter) => void;
	onRemove?: () => void;
}

function FilterRow({ number, row, columns, conditions, wantsValue, onChange, onRemove }: FilterRowProps) {
	const isDate = columns.find((column) => column.name === row.column)?.date ?? false;
	const fitting = conditions.filter((condition) => isDate || !condition.date);
	const onDay = isDate && ['is-before', 'is-after', 'is-exactly'].includes(row.condition);
	const chooseColumn = (column: string) => {
		const date = columns.find((one) => one.name === column)?.date ?? false;
		onChange({ column, condition: date === isDate ? row.condition : date ? 'is-before' : 'contains', value: date === isDate ? row.value : '' });
	};
	return (
		<div className="tp-filter">
			<FormSelect aria-label={`Column of filter ${number}`} value={row.column} onChange={(_event, column) => chooseColumn(column)}>
				{columns.map((column) => <FormSelectOption key={column.name} value={column.name} label={column.label} />)}
			</FormSelect>
			<FormSelect aria-label={`Condition of filter ${number}`} value={row.condition} onChange={(_event, condition) => onChange({ ...row, condition })}>
				{fitting.map((condition) => <FormSelectOption key={condition.name} value={condition.name} label={condition.label} />)}
			</FormSelect>
			{wantsValue && <TextInput aria-label={`Value of filter ${number}`} type={onDay ? 'date' : 'text'} value={row.value} onChange={(_event, value) => onChange({ ...row, value })} spellCheck="false" />}
			{onRemove && <Button variant="plain" aria-label={`Remove filter ${number}`} icon={<TimesIcon />} onClick={onRemove} />}
		</div>
	);
}
