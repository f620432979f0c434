// What is wrong with a form as a whole: one notice, however many faults.
import { List, ListItem } from '@patternfly/react-core';
import { plural } from './format';
import { Notice } from './Notice';

interface FaultListProps {
	faults: string[];
	/** Written all the same: the candidate may be wrong until the commit. */
	isSaved?: boolean;
}

export function FaultList({ faults, isSaved = false }: FaultListProps) {
	const note = isSaved ? 'It is saved to the candidate, which can be committed once this is mended.' : null;
	const [only] = faults;
	if (only === undefined)
		return note && <Notice variant="warning" title={note} className="tp-gap-below" />;
	return (
		<Notice variant="danger" title={faults.length === 1 ? only : `${plural(faults.length, 'thing')} to mend`} className="tp-gap-below">
			{faults.length > 1 && <List>{faults.map((fault) => <ListItem key={fault}>{fault}</ListItem>)}</List>}
			{note}
		</Notice>
	);
}
