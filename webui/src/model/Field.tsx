// One leaf of the model: label, control, help, and what is wrong with it.
import { FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import type { ConfigValue } from '../api/config';
import { useMayWrite } from '../app/access';
import { LockoutLabel } from '../parts/labels';
import { rangeText } from './check';
import { FieldControl } from './FieldControl';
import type { SchemaNode } from './schema';
import { effective } from './when';

interface FieldProps {
	node: SchemaNode;
	path: string;
	value: ConfigValue | undefined;
	onChange: (value: ConfigValue | undefined) => void;
	fault: string | undefined;
	isRequired: boolean;
	isReadOnly?: boolean;
	/** Said here when the whole group does not say it. */
	marksLockout?: boolean;
}

export const fieldId = (path: string) => `field-${path.replace(/[^\w-]+/g, '-')}`;

export function Field({ node, path, value, onChange, fault, isRequired, isReadOnly = false, marksLockout = false }: FieldProps) {
	const mayWrite = useMayWrite();
	const id = fieldId(path);
	const helpId = `${id}-help`;
	const choiceHelp = node.enum?.find((choice) => choice.name === effective(node, value))?.help;
	const range = node.range && node.type !== 'string' && node.type !== 'union' ? `${rangeText(node.range)}.` : null;
	return (
		<FormGroup label={node.label} fieldId={id} isRequired={isRequired} labelHelp={marksLockout ? <LockoutLabel /> : undefined}>
			<FieldControl node={node} id={id} value={value} onChange={onChange} isFaulty={fault !== undefined} isReadOnly={isReadOnly || !mayWrite} describedBy={helpId} />
			<FormHelperText>
				<HelperText id={helpId} aria-live="polite">
					{fault && <HelperTextItem variant="error">{fault}</HelperTextItem>}
					<HelperTextItem>{[node.help, choiceHelp, range].filter(Boolean).join(' ')}</HelperTextItem>
				</HelperText>
			</FormHelperText>
		</FormGroup>
	);
}
