// Calls: those that are up now, and those that ended.
import { Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useRouter } from '../app/router';
import { PageFrame } from '../parts/PageFrame';
import { CallHistory } from './calls/CallHistory';
import { LiveCalls } from './calls/LiveCalls';

export function Calls({ view }: { view: 'live' | 'history' }) {
	const { go } = useRouter();
	return (
		<PageFrame title="Calls" purpose="Who is calling whom, how well it sounds, and why a call went where it went.">
			<Tabs activeKey={view} onSelect={(_event, key) => go(key === 'history' ? '/calls/history' : '/calls')} aria-label="Calls">
				<Tab eventKey="live" title={<TabTitleText>Live</TabTitleText>}>{view === 'live' && <LiveCalls />}</Tab>
				<Tab eventKey="history" title={<TabTitleText>History</TabTitleText>}>{view === 'history' && <CallHistory />}</Tab>
			</Tabs>
		</PageFrame>
	);
}
