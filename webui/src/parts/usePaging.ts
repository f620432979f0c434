// Page, page size and a filter that waits until typing pauses.
import type { PaginationProps } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import type { Page } from '../api/status';

interface Paging {
	page: Page;
	key: string;
	typed: string;
	type: (text: string) => void;
	props: (total: number) => PaginationProps;
}

const typingMs = 300;

export function usePaging(firstSize = 20): Paging {
	const [number, setNumber] = useState(1);
	const [size, setSize] = useState(firstSize);
	const [typed, setTyped] = useState('');
	const [filter, setFilter] = useState('');
	useEffect(() => {
		const timer = window.setTimeout(() => {
			setFilter(typed.trim());
			setNumber(1);
		}, typingMs);
		return () => window.clearTimeout(timer);
	}, [typed]);
	const page: Page = { offset: (number - 1) * size, limit: size, filter };
	return {
		page,
		key: `${page.offset} ${size} ${filter}`,
		typed,
		type: setTyped,
		props: (total) => ({
			itemCount: total,
			page: number,
			perPage: size,
			perPageOptions: [20, 50].map((value) => ({ title: String(value), value })),
			onSetPage: (_event, next) => setNumber(next),
			onPerPageSelect: (_event, next) => {
				setSize(next);
				setNumber(1);
			},
		}),
	};
}
