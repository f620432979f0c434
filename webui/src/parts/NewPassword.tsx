// A new password, typed twice, below the rules that the appliance sets for it.
import { FormGroup, HelperText, HelperTextItem } from '@patternfly/react-core';
import { Notice } from './Notice';
import { PasswordInput } from './PasswordInput';

interface NewPasswordProps {
	id: string;
	rules: string[] | null;
	password: string;
	again: string;
	onChange: (password: string, again: string) => void;
}

export const isTyped = (password: string, again: string) => password !== '' && password === again;

export function NewPassword({ id, rules, password, again, onChange }: NewPasswordProps) {
	return (
		<>
			<FormGroup label="New password" fieldId={id}><PasswordInput id={id} value={password} onChange={(next) => onChange(next, again)} describedBy={`${id}-rules`} /></FormGroup>
			<FormGroup label="New password again" fieldId={`${id}-again`}><PasswordInput id={`${id}-again`} value={again} onChange={(next) => onChange(password, next)} /></FormGroup>
			<HelperText component="ul" id={`${id}-rules`} aria-label="Rules of the password">
				{(rules ?? []).map((rule) => <HelperTextItem key={rule} component="li">{rule}</HelperTextItem>)}
				<HelperTextItem component="li" variant={again === '' ? 'indeterminate' : isTyped(password, again) ? 'success' : 'error'}>Typed the same twice</HelperTextItem>
			</HelperText>
		</>
	);
}

/** What is wrong with it, each rule in words. */
export function PasswordFaults({ faults }: { faults: string[] }) {
	if (faults.length === 0)
		return null;
	if (faults.length === 1)
		return <Notice variant="danger" title={faults[0] ?? ''} className="tp-gap-below" />;
	return (
		<Notice variant="danger" title="The password was refused" className="tp-gap-below">
			<ul>{faults.map((fault) => <li key={fault}>{fault}</li>)}</ul>
		</Notice>
	);
}
