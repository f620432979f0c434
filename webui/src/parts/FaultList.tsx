// What is wrong with a form as a whole: one notice, however many faults.
import { List, ListItem } from '@patternfly/react-core';
import { plural } from './format';
import { Notice } from './Notice';

export function FaultList({ faults }: { faults: string[] }) {
	const [only] = faults;
	if (faults.length < 2)
		return only === undefined ? null : <Notice variant="danger" title={only} className="tp-gap-below" />;
	return (
		<Notice variant="danger" title={`${plural(faults.length, 'thing')} to mend`} className="tp-gap-below">
			<List>{faults.map((fault) => <ListItem key={fault}>{fault}</ListItem>)}</List>
		</Notice>
	);
}
