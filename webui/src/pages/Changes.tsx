// Pending changes and the history of revisions.
import { Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useRouter } from '../app/router';
import { PageFrame } from '../parts/PageFrame';
import { History } from './changes/History';
import { Pending } from './changes/Pending';

export function Changes({ view }: { view: 'pending' | 'history' }) {
	const { go } = useRouter();
	return (
		<PageFrame title="Changes and history" purpose="What is edited gathers in one candidate. It is compared, committed as a numbered revision, and can be undone.">
			<Tabs activeKey={view} onSelect={(_event, key) => go(key === 'history' ? '/changes/history' : '/changes')} aria-label="Changes and history">
				<Tab eventKey="pending" title={<TabTitleText>Pending changes</TabTitleText>}>{view === 'pending' && <div className="tp-tab"><Pending /></div>}</Tab>
				<Tab eventKey="history" title={<TabTitleText>History</TabTitleText>}>{view === 'history' && <History />}</Tab>
			</Tabs>
		</PageFrame>
	);
}
