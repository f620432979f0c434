// Which page stands at which path.
import { Button } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Overview } from '../pages/Overview';
import { ZoneList } from '../pages/ZoneList';
import { ZonePage } from '../pages/ZonePage';
import { PageFrame } from '../parts/PageFrame';
import { Nothing } from '../parts/notes';
import { matchPath, useRouter } from './router';

const pages: [string, (names: Record<string, string>) => ReactNode][] = [
	['/', () => <Overview />],
	['/zones', () => <ZoneList />],
	['/zones/:name', ({ name }) => <ZonePage name={name ?? ''} />],
];

export function PageSwitch() {
	const { path, go } = useRouter();
	for (const [pattern, page] of pages) {
		const names = matchPath(pattern, path);
		if (names)
			return page(names);
	}
	return (
		<PageFrame title="No such page">
			<Nothing title="There is nothing at this address" action={<Button variant="link" onClick={() => go('/')}>Go to the overview</Button>}>
				The link may be old, or the name in it may have been changed.
			</Nothing>
		</PageFrame>
	);
}
