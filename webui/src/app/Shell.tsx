// The application after login: masthead, navigation, trial banner, the page.
import { Page, SkipToContent } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { AlarmDrawer } from './AlarmDrawer';
import { FollowMode } from './FollowMode';
import { IdleGuard } from './IdleGuard';
import { LiveProvider } from './Live';
import { LoginNotice } from './LoginNotice';
import { TopBar } from './TopBar';
import { Navigation } from './navigation';
import { PageSwitch } from './pages';
import { useRouter } from './router';
import { TrialBanner } from './TrialBanner';

const wide = window.matchMedia('(min-width: 75rem)');

export function Shell() {
	const { path } = useRouter();
	const [navigationOpen, setNavigationOpen] = useState(wide.matches);
	const [drawerOpen, setDrawerOpen] = useState(false);

	useEffect(() => {
		const onChange = () => setNavigationOpen(wide.matches);
		wide.addEventListener('change', onChange);
		return () => wide.removeEventListener('change', onChange);
	}, []);
	useEffect(() => {
		if (!wide.matches)
			setNavigationOpen(false);
		setDrawerOpen(false);
	}, [path]);

	return (
		<LiveProvider>
			<IdleGuard />
			<FollowMode />
			<Page
				masthead={<TopBar navigationOpen={navigationOpen} onToggleNavigation={() => setNavigationOpen(!navigationOpen)} drawerOpen={drawerOpen} onToggleDrawer={() => setDrawerOpen(!drawerOpen)} />}
				sidebar={<Navigation isOpen={navigationOpen} onFollow={() => !wide.matches && setNavigationOpen(false)} />}
				notificationDrawer={<AlarmDrawer onClose={() => setDrawerOpen(false)} />}
				isNotificationDrawerExpanded={drawerOpen}
				skipToContent={<SkipToContent href="#content">Skip to content</SkipToContent>}
				mainContainerId="content"
				isContentFilled
			>
				<TrialBanner />
				<LoginNotice />
				<PageSwitch key={path} />
			</Page>
		</LiveProvider>
	);
}
