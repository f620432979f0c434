// Which page stands at which path.
import { Button } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { Acme } from '../pages/Acme';
import { AdvancedSecurity } from '../pages/AdvancedSecurity';
import { Administrators } from '../pages/Administrators';
import { Alarms } from '../pages/Alarms';
import { CallPage } from '../pages/CallPage';
import { Calls } from '../pages/Calls';
import { CandidateEntry } from '../pages/CandidateEntry';
import { AllCertificates } from '../pages/AllCertificates';
import { CertificateLogin } from '../pages/CertificateLogin';
import { Changes } from '../pages/Changes';
import { Ciphers } from '../pages/Ciphers';
import { ClientCertificateTest } from '../pages/ClientCertificateTest';
import { Consent } from '../pages/Consent';
import { Sessions } from '../pages/Sessions';
import { OwnLogins } from '../pages/sessions/LoginHistory';
import { Compare } from '../pages/changes/Compare';
import { DecodedCas } from '../pages/trust/DecodedCas';
import { Identities } from '../pages/Identities';
import { IdentityPage } from '../pages/IdentityPage';
import { Log } from '../pages/Log';
import { LoginSources } from '../pages/LoginSources';
import { LogVerification } from '../pages/LogVerification';
import { PasswordPolicy } from '../pages/PasswordPolicy';
import { Programs } from '../pages/Programs';
import { Overview } from '../pages/Overview';
import { Presets } from '../pages/Presets';
import { Ports } from '../pages/Ports';
import { Readiness } from '../pages/Readiness';
import { Registrations } from '../pages/Registrations';
import { Revocation } from '../pages/Revocation';
import { RequestPage } from '../pages/identities/RequestPage';
import { RuleList } from '../pages/RuleList';
import { ruleListPath } from '../pages/rules/words';
import { SettingsPage } from '../pages/settings/SettingsPage';
import { ZoneList } from '../pages/ZoneList';
import { ZonePage } from '../pages/ZonePage';
import { SipSettings } from '../pages/SipSettings';
import { TrustedCaPage } from '../pages/trust/TrustedCaPage';
import { TrustedCas } from '../pages/TrustedCas';
import { UploadPage } from '../pages/identities/UploadPage';
import { zoneListPath } from '../pages/zones/words';
import { TraversalTest } from '../pages/TraversalTest';
import { PageFrame } from '../parts/PageFrame';
import { Nothing } from '../parts/notes';
import { homeOf, mayUse, pageRules, refusalOf, type PagePattern } from './access';
import { matchPath, useRouter } from './router';
import { useSession } from './SessionContext';

const pages: [PagePattern, (names: Record<string, string>) => ReactNode][] = [
	['/', () => <Overview />],
	['/calls', () => <Calls view="live" />],
	['/calls/history', () => <Calls view="history" />],
	['/calls/live/:id', ({ id }) => <CallPage id={id ?? ''} ended={false} />],
	['/calls/history/:id', ({ id }) => <CallPage id={id ?? ''} ended />],
	['/registrations', () => <Registrations />],
	['/alarms', () => <Alarms />],
	['/log', () => <Log kind="event" />],
	['/log/logins', () => <Log kind="logins" />],
	['/logins', () => <OwnLogins />],
	['/sessions', () => <Sessions />],
	['/consent', () => <Consent />],
	['/log/configuration', () => <Log kind="configuration" />],
	['/log/network', () => <Log kind="network" />],
	['/log/verification', () => <LogVerification />],
	['/log/settings', () => <SettingsPage path="/turnpike-log:log" back={[{ to: '/log', label: 'Logs' }]} />],
	['/system', () => <SettingsPage path="/turnpike-system:system" />],
	['/administrators', () => <Administrators />],
	['/login', () => <LoginSources />],
	['/api-access', () => <Programs />],
	['/password-policy', () => <PasswordPolicy />],
	['/advanced', () => <AdvancedSecurity />],
	['/presets', () => <Presets />],
	['/zones', () => <ZoneList />],
	['/zones/new', () => zoneForm(null)],
	['/zones/:name', ({ name = '' }) => <ZonePage name={name} />],
	['/zones/:name/edit', ({ name = '' }) => zoneForm(name)],
	['/zones-default', () => <SettingsPage path="/turnpike-sip:sip/default-zone" back={[zonesPage]} />],
	['/rules', () => <RuleList />],
	['/rules/new', () => ruleForm(null)],
	['/rules/:name', ({ name = '' }) => ruleForm(name)],
	['/sip', () => <SipSettings />],
	['/registrar', () => <SettingsPage path="/turnpike-sip:sip/registrar" />],
	['/media', () => <SettingsPage path="/turnpike-media:media" />],
	['/certificates', () => <AllCertificates />],
	['/identities', () => <Identities />],
	['/identities/:id', ({ id = '' }) => <IdentityPage id={id} />],
	['/identities/:id/request', ({ id = '' }) => <RequestPage id={id} kind="request" />],
	['/identities/:id/self-signed', ({ id = '' }) => <RequestPage id={id} kind="self-signed" />],
	['/identities/:id/upload', ({ id = '' }) => <UploadPage id={id} />],
	['/acme', () => <Acme />],
	['/trusted-cas', () => <TrustedCas />],
	['/trusted-cas-decoded', () => <DecodedCas />],
	['/trusted-cas/:name', ({ name = '' }) => <TrustedCaPage name={name} />],
	['/ciphers', () => <Ciphers />],
	['/revocation', () => <Revocation />],
	['/certificate-login', () => <CertificateLogin />],
	['/certificate-test', () => <ClientCertificateTest />],
	['/changes', () => <Changes view="pending" />],
	['/changes/history', () => <Changes view="history" />],
	['/changes/compare', () => <Compare />],
	['/traversal-test', () => <TraversalTest />],
	['/ports', () => <Ports />],
	['/readiness', () => <Readiness />],
];

const zonesPage = { to: '/zones', label: 'Zones' };
const rulesPage = { to: '/rules', label: 'Search rules' };

function zoneForm(name: string | null): ReactNode {
	const leaveTo = name === null ? '/zones' : `/zones/${encodeURIComponent(name)}`;
	const back = name === null ? [zonesPage] : [zonesPage, { to: leaveTo, label: name }];
	return <CandidateEntry listPath={zoneListPath} name={name} title={name === null ? 'Create zone' : `Edit ${name}`} back={back} leaveTo={leaveTo} />;
}

function ruleForm(name: string | null): ReactNode {
	return <CandidateEntry listPath={ruleListPath} name={name} title={name === null ? 'Create search rule' : `Edit ${name}`} back={[rulesPage]} leaveTo="/rules" />;
}

export function PageSwitch() {
	const { path, go } = useRouter();
	const { session } = useSession();
	const home = homeOf(session);
	useEffect(() => {
		if (path === '/' && home !== '/')
			go(home, { replace: true });
	}, [path, home, go]);
	for (const [pattern, page] of pages) {
		const names = matchPath(pattern, path);
		if (names)
			return mayUse(session, pageRules[pattern]) ? page(names) : <Refusal pattern={pattern} />;
	}
	return (
		<PageFrame title="No such page">
			<Nothing title="There is nothing at this address" action={<Button variant="link" onClick={() => go('/')}>Go to the overview</Button>}>
				The link may be old, or the name in it may have been changed.
			</Nothing>
		</PageFrame>
	);
}

/** A page that this account may not use, reached by its address. */
function Refusal({ pattern }: { pattern: PagePattern }) {
	const { go } = useRouter();
	const { session } = useSession();
	const home = homeOf(session);
	return (
		<PageFrame title="Not for your account">
			<Nothing title="Your account may not use this page" action={<Button variant="link" onClick={() => go(home)}>{home === '/' ? 'Go to the overview' : 'Go to the event log'}</Button>}>
				{refusalOf(session, pageRules[pattern])} Ask an administrator when you need more.
			</Nothing>
		</PageFrame>
	);
}
