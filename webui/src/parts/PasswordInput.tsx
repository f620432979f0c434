// A secret with a button that shows what was typed.
import { Button, InputGroup, InputGroupItem, TextInput, type TextInputProps } from '@patternfly/react-core';
import EyeIcon from '@patternfly/react-icons/dist/esm/icons/eye-icon';
import EyeSlashIcon from '@patternfly/react-icons/dist/esm/icons/eye-slash-icon';
import { useState } from 'react';

interface PasswordInputProps {
	id: string;
	value: string;
	onChange: (value: string) => void;
	autoComplete?: 'current-password' | 'new-password' | 'off';
	placeholder?: string;
	validated?: TextInputProps['validated'];
	describedBy?: string;
	label?: string;
}

export function PasswordInput({ id, value, onChange, autoComplete = 'new-password', placeholder, validated, describedBy, label }: PasswordInputProps) {
	const [shown, setShown] = useState(false);
	return (
		<InputGroup>
			<InputGroupItem isFill>
				<TextInput
					id={id}
					type={shown ? 'text' : 'password'}
					value={value}
					onChange={(_event, next) => onChange(next)}
					autoComplete={autoComplete}
					placeholder={placeholder}
					validated={validated}
					spellCheck="false"
					aria-describedby={describedBy}
					aria-label={label}
				/>
			</InputGroupItem>
			<InputGroupItem>
				<Button variant="control" onClick={() => setShown(!shown)} aria-label={shown ? 'Hide what was typed' : 'Show what was typed'} aria-pressed={shown} icon={shown ? <EyeSlashIcon /> : <EyeIcon />} />
			</InputGroupItem>
		</InputGroup>
	);
}
