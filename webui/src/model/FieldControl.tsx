// The control of one leaf, chosen by its type.
import { FormSelect, FormSelectOption, InputGroup, InputGroupItem, InputGroupText, Switch, TextArea, TextInput } from '@patternfly/react-core';
import type { ConfigValue } from '../api/config';
import { PasswordInput } from '../parts/PasswordInput';
import { PemInput } from '../parts/PemInput';
import { isNumber } from './check';
import { useReferences } from './references';
import type { SchemaNode } from './schema';
import { effective } from './when';

export const secretKept = '********';

interface FieldControlProps {
	node: SchemaNode;
	id: string;
	value: ConfigValue | undefined;
	onChange: (value: ConfigValue | undefined) => void;
	isFaulty: boolean;
	isReadOnly: boolean;
	describedBy: string;
	label?: string;
}

export const isPem = (node: SchemaNode) => node.type === 'pem' || (node.pattern?.includes('BEGIN CERTIFICATE') ?? false);
/** A text of several lines, by the length that it may have. */
const isLong = (node: SchemaNode) => node.type === 'string' && Number(node.length?.split('..').at(-1)) >= 2000;
const isKeyFile = (node: SchemaNode) => node.type === 'secret' && node.name.endsWith('-key');

export function FieldControl(props: FieldControlProps) {
	const { node, id, value, onChange, isFaulty, describedBy, label } = props;
	const validated = isFaulty ? 'error' : 'default';
	const text = value === undefined || value === null ? '' : String(value);

	if (node.kind === 'leaf-list') {
		const lines = Array.isArray(value) ? value.join('\n') : '';
		return <TextArea id={id} value={lines} onChange={(_event, next) => onChange(linesOf(next))} validated={validated} aria-describedby={describedBy} aria-label={label} rows={3} resizeOrientation="vertical" placeholder="One on each line" spellCheck="false" />;
	}
	if (node.type === 'boolean') {
		const on = String(effective(node, value)) === 'true';
		return <Switch id={id} isChecked={on} onChange={(_event, next) => onChange(next)} label={on ? 'On' : 'Off'} aria-label={label ?? node.label} aria-describedby={describedBy} isDisabled={props.isReadOnly} />;
	}
	if (node.type === 'enumeration')
		return <Choice {...props} options={(node.enum ?? []).map((choice) => [choice.name, choice.label])} />;
	if (node.type === 'leafref')
		return <Reference {...props} />;
	if (isPem(node) || isKeyFile(node)) {
		const kept = text === secretKept;
		return <PemInput id={id} value={kept ? '' : text} onChange={(next) => onChange(next === '' && kept ? secretKept : next)} placeholder={kept ? 'Stored. Paste or choose a file to replace it.' : '-----BEGIN …'} isFaulty={isFaulty} describedBy={describedBy} />;
	}
	if (isLong(node))
		return <TextArea id={id} value={text} onChange={(_event, next) => onChange(next === '' ? undefined : next)} validated={validated} readOnlyVariant={props.isReadOnly ? 'default' : undefined} aria-describedby={describedBy} aria-label={label} rows={12} resizeOrientation="vertical" />;
	if (node.type === 'secret') {
		const kept = text === secretKept;
		return <PasswordInput id={id} value={kept ? '' : text} onChange={onChange} placeholder={kept ? 'Stored. Type to replace it.' : undefined} validated={validated} describedBy={describedBy} label={label} />;
	}
	const input = (
		<TextInput
			id={id}
			value={text}
			onChange={(_event, next) => onChange(next === '' ? undefined : next)}
			validated={validated}
			readOnlyVariant={props.isReadOnly ? 'default' : undefined}
			placeholder={node.default === null || node.default === undefined ? undefined : String(node.default)}
			inputMode={isNumber(node) ? 'numeric' : undefined}
			aria-describedby={describedBy}
			aria-label={label}
			spellCheck="false"
			autoComplete="off"
		/>
	);
	if (!node.units)
		return input;
	return <InputGroup><InputGroupItem isFill>{input}</InputGroupItem><InputGroupText>{node.units}</InputGroupText></InputGroup>;
}

function Choice({ node, id, value, onChange, isFaulty, describedBy, label, isReadOnly, options }: FieldControlProps & { options: [string, string][] }) {
	const chosen = effective(node, value);
	const isOpen = chosen === undefined || chosen === null;
	return (
		<FormSelect id={id} value={isOpen ? '' : String(chosen)} onChange={(_event, next) => onChange(next === '' ? undefined : next)} validated={isFaulty ? 'error' : 'default'} aria-describedby={describedBy} aria-label={label} isDisabled={isReadOnly}>
			{(isOpen || !node.mandatory) && node.default == null && <FormSelectOption value="" label={node.mandatory ? 'Choose…' : 'None'} isPlaceholder />}
			{options.map(([name, word]) => <FormSelectOption key={name} value={name} label={String(node.default) === name ? `${word} (default)` : word} />)}
		</FormSelect>
	);
}

function Reference(props: FieldControlProps) {
	const names = useReferences().get(props.node.leafref ?? '') ?? [];
	const value = props.value === undefined || props.value === null ? null : String(props.value);
	const all = value !== null && !names.includes(value) ? [...names, value] : names;
	return <Choice {...props} options={all.map((name) => [name, names.includes(name) ? name : `${name} (does not exist)`])} />;
}

function linesOf(text: string): string[] | undefined {
	const lines = text.split('\n').map((line) => line.trim());
	return lines.every((line) => line === '') ? undefined : text.split('\n').map((line) => line.trimStart());
}
