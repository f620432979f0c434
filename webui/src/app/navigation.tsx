// The left navigation: three groups of pages.
import { Nav, NavGroup, NavItem, PageSidebar, PageSidebarBody } from '@patternfly/react-core';
import type { Role } from '../api/types';
import { mayUse, pageRules, type PagePattern } from './access';
import { Link, useRouter } from './router';
import { useSession } from './SessionContext';

interface Entry {
	to: PagePattern;
	label: string;
	/** Shown on this half of the pair only. */
	role?: Role;
}

const groups: { title: string; entries: Entry[] }[] = [
	{
		title: 'Status',
		entries: [
			{ to: '/', label: 'Overview' },
			{ to: '/calls', label: 'Calls' },
			{ to: '/registrations', label: 'Registrations' },
			{ to: '/alarms', label: 'Alarms' },
			{ to: '/log', label: 'Logs' },
		],
	},
	{
		title: 'Configuration',
		entries: [
			{ to: '/system', label: 'System' },
			{ to: '/administrators', label: 'Administrators' },
			{ to: '/login', label: 'Login' },
			{ to: '/password-policy', label: 'Password policy' },
			{ to: '/sessions', label: 'Sessions' },
			{ to: '/api-access', label: 'API access' },
			{ to: '/consent', label: 'Notice before login' },
			{ to: '/advanced', label: 'Advanced account security' },
			{ to: '/presets', label: 'Presets' },
			{ to: '/zones', label: 'Zones' },
			{ to: '/rules', label: 'Search rules' },
			{ to: '/sip', label: 'SIP' },
			{ to: '/registrar', label: 'Registrar' },
			{ to: '/media', label: 'Media' },
			{ to: '/certificates', label: 'Certificates' },
			{ to: '/identities', label: 'Identities' },
			{ to: '/acme', label: 'ACME', role: 'edge' },
			{ to: '/trusted-cas', label: 'Trusted CAs' },
			{ to: '/revocation', label: 'Revocation' },
			{ to: '/ciphers', label: 'Ciphers' },
			{ to: '/certificate-login', label: 'Certificate login' },
			{ to: '/certificate-test', label: 'Client certificate testing' },
		],
	},
	{
		title: 'Maintenance',
		entries: [
			{ to: '/changes', label: 'Changes and history' },
			{ to: '/traversal-test', label: 'Traversal test', role: 'core' },
			{ to: '/ports', label: 'Open ports' },
			{ to: '/readiness', label: 'Readiness' },
		],
	},
];

const isAt = (path: string, to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));

export function Navigation({ isOpen, onFollow }: { isOpen: boolean; onFollow: () => void }) {
	const { path } = useRouter();
	const { session } = useSession();
	const shown = groups
		.map(({ title, entries }) => ({ title, entries: entries.filter((entry) => (!entry.role || entry.role === session.role) && mayUse(session, pageRules[entry.to])) }))
		.filter(({ entries }) => entries.length > 0);
	return (
		<PageSidebar isSidebarOpen={isOpen} className={isOpen ? 'pf-m-expanded' : undefined} id="navigation">
			<PageSidebarBody>
				<Nav aria-label="Pages" onSelect={onFollow}>
					{shown.map((group) => (
						<NavGroup key={group.title} title={group.title}>
							{group.entries.map((entry) => (
								<NavItem key={entry.to} isActive={isAt(path, entry.to)} to={entry.to} component={Link}>{entry.label}</NavItem>
							))}
						</NavGroup>
					))}
				</Nav>
			</PageSidebarBody>
		</PageSidebar>
	);
}
