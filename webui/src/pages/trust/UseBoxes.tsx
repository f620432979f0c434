// What an authority is trusted for: boxes to tick, none for everything.
import { Checkbox, FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import type { TrustUse } from '../../api/certificates';

interface UseBoxesProps {
	id: string;
	uses: TrustUse[];
	use: string[];
	onChange: (use: string[]) => void;
}

export function UseBoxes({ id, uses, use, onChange }: UseBoxesProps) {
	return (
		<FormGroup role="group" label="Trusted for" fieldId={id} isStack>
			{uses.map(({ name, label }) => (
				<Checkbox key={name} id={`${id}-${name}`} label={label} isChecked={use.includes(name)} onChange={(_event, on) => onChange(on ? [...use, name] : use.filter((one) => one !== name))} />
			))}
			<FormHelperText><HelperText><HelperTextItem>None ticked: everything but web login.</HelperTextItem></HelperText></FormHelperText>
		</FormGroup>
	);
}
