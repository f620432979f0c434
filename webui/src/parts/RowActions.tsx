// The menu at the end of a row. What it opens gives the focus back to the menu's button: the chosen
// item itself is gone by then.
import { ActionsColumn, type IAction } from '@patternfly/react-table';
import { useRef } from 'react';

export function RowActions({ items }: { items: IAction[] }) {
	const place = useRef<HTMLSpanElement>(null);
	const withFocus = items.map((item): IAction => ({
		...item,
		onClick: (...event) => {
			place.current?.querySelector('button')?.focus();
			item.onClick?.(...event);
		},
	}));
	return <span ref={place}><ActionsColumn items={withFocus} popperProps={{ position: 'right' }} /></span>;
}
