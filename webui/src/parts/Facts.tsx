// Names and values side by side; a value that is missing is a dash.
import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, type DescriptionListProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';

interface FactsProps extends Omit<DescriptionListProps, 'children'> {
	facts: [string, ReactNode][];
}

export function Facts({ facts, ...rest }: FactsProps) {
	return (
		<DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '11ch', sm: '16ch' }} {...rest}>
			{facts.map(([term, value]) => (
				<DescriptionListGroup key={term}>
					<DescriptionListTerm>{term}</DescriptionListTerm>
					<DescriptionListDescription className="tp-break">{value === '' || value === null || value === undefined ? '–' : value}</DescriptionListDescription>
				</DescriptionListGroup>
			))}
		</DescriptionList>
	);
}
