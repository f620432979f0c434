// Label, control, help and fault of one question of the wizard.
import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';

interface WizardFieldProps {
	id: string;
	label: string;
	help?: ReactNode;
	fault?: string;
	isRequired?: boolean;
	children: ReactNode;
}

export function WizardField({ id, label, help, fault, isRequired = true, children }: WizardFieldProps) {
	return (
		<FormGroup label={label} fieldId={id} isRequired={isRequired}>
			{children}
			<FormHelperText>
				<HelperText id={`${id}-help`} aria-live="polite">
					{fault && <HelperTextItem variant="error">{fault}</HelperTextItem>}
					{help && <HelperTextItem>{help}</HelperTextItem>}
				</HelperText>
			</FormHelperText>
		</FormGroup>
	);
}

interface TextQuestionProps extends Omit<WizardFieldProps, 'children'> {
	value: string;
	onChange: (value: string) => void;
	placeholder?: string;
	isNumber?: boolean;
	autoComplete?: string;
}

export function TextQuestion({ value, onChange, placeholder, isNumber, autoComplete = 'off', ...field }: TextQuestionProps) {
	return (
		<WizardField {...field}>
			<TextInput id={field.id} value={value} onChange={(_event, next) => onChange(next)} placeholder={placeholder} inputMode={isNumber ? 'numeric' : undefined} validated={field.fault ? 'error' : 'default'} aria-describedby={`${field.id}-help`} spellCheck="false" autoCapitalize="none" autoComplete={autoComplete} />
		</WizardField>
	);
}
