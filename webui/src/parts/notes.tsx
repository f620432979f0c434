// What a page shows instead of data: it is loading, there is none, it failed.
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Skeleton, Stack, StackItem } from '@patternfly/react-core';
import type { ComponentType, ReactNode } from 'react';
import { messageOf } from '../api/http';
import { Notice } from './Notice';

export function FailureNote({ error, title, retry }: { error: unknown; title: string; retry?: () => void }) {
	return (
		<Notice variant="danger" title={title} actionLinks={retry && <Button variant="link" isInline onClick={retry}>Try again</Button>}>
			{messageOf(error)}
		</Notice>
	);
}

/** Shown above data that could not be refreshed. */
export function StaleNote({ error }: { error: Error | null }) {
	return error && (
		<Notice variant="warning" title="These figures are not current" className="tp-gap-below">
			{messageOf(error)}
		</Notice>
	);
}

export function LoadingRows({ rows = 4, label }: { rows?: number; label: string }) {
	return (
		<Stack hasGutter role="status" aria-label={label}>
			{Array.from({ length: rows }, (_, n) => (
				<StackItem key={n}><Skeleton height="1.75rem" screenreaderText={n === 0 ? label : undefined} /></StackItem>
			))}
		</Stack>
	);
}

interface NothingProps {
	title: string;
	icon?: ComponentType;
	children: ReactNode;
	action?: ReactNode;
}

export function Nothing({ title, icon, children, action }: NothingProps) {
	return (
		<EmptyState titleText={title} headingLevel="h2" icon={icon} variant="sm">
			<EmptyStateBody>{children}</EmptyStateBody>
			{action && <EmptyStateFooter><EmptyStateActions>{action}</EmptyStateActions></EmptyStateFooter>}
		</EmptyState>
	);
}
