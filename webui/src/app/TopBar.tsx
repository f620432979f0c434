// Masthead: mark, appliance, role; pending changes, alarms, appearance, person.
import {
	Button, Divider, Dropdown, DropdownItem, DropdownList, Masthead, MastheadBrand, MastheadContent, MastheadLogo, MastheadMain, MastheadToggle,
	MenuToggle, NotificationBadge, PageToggleButton,
} from '@patternfly/react-core';
import BarsIcon from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import PencilAltIcon from '@patternfly/react-icons/dist/esm/icons/pencil-alt-icon';
import UserIcon from '@patternfly/react-icons/dist/esm/icons/user-icon';
import { useState } from 'react';
import { logOut } from '../api/session';
import { plural, timeText } from '../parts/format';
import { RoleLabel } from '../parts/labels';
import { Mark } from '../parts/Mark';
import { levelNames, mayUse } from './access';
import { useLive } from './Live';
import { PasswordDialog } from './PasswordDialog';
import { Link, useRouter } from './router';
import { useSession } from './SessionContext';
import { ThemeItems, ThemeMenu } from './ThemeMenu';

interface TopBarProps {
	navigationOpen: boolean;
	onToggleNavigation: () => void;
	drawerOpen: boolean;
	onToggleDrawer: () => void;
}

export function TopBar({ navigationOpen, onToggleNavigation, drawerOpen, onToggleDrawer }: TopBarProps) {
	const { session } = useSession();
	return (
		<Masthead display={{ default: 'inline' }}>
			<MastheadMain>
				<MastheadToggle>
					<PageToggleButton variant="plain" aria-label="Pages" aria-controls="navigation" isSidebarOpen={navigationOpen} onSidebarToggle={onToggleNavigation} icon={<BarsIcon />} />
				</MastheadToggle>
				<MastheadBrand>
					<MastheadLogo component={(props) => <Link {...props} to="/" aria-label="Turnpike, overview" />}>
						<span className="tp-brand"><Mark size={30} /><span className="tp-wordmark tp-wide-only">Turnpike</span></span>
					</MastheadLogo>
				</MastheadBrand>
			</MastheadMain>
			<MastheadContent>
				<div className="tp-bar">
					<span className="tp-appliance">
						<span className="tp-appliance-name">{session['host-name']}</span>
						{session.role && <RoleLabel role={session.role} />}
					</span>
					<PendingChanges />
					{mayUse(session, 'read') && <AlarmBell expanded={drawerOpen} onToggle={onToggleDrawer} />}
					<span className="tp-wide-only"><ThemeMenu /></span>
					<UserMenu />
				</div>
			</MastheadContent>
		</Masthead>
	);
}

function PendingChanges() {
	const { config } = useLive();
	const { go } = useRouter();
	const changes = config.data?.changes ?? 0;
	if (changes === 0)
		return null;
	return (
		<Button variant="secondary" size="sm" icon={<PencilAltIcon />} onClick={() => go('/changes')} countOptions={{ count: changes, isRead: false }} className="tp-review">
			<span className="tp-shrink">Review changes</span>
		</Button>
	);
}

function AlarmBell({ expanded, onToggle }: { expanded: boolean; onToggle: () => void }) {
	const { alarms } = useLive();
	const open = alarms.data?.filter((alarm) => !alarm['cleared-at']) ?? [];
	const pending = open.filter((alarm) => !alarm['acknowledged-by']);
	const critical = pending.some((alarm) => alarm.severity === 'critical');
	const variant = critical ? 'attention' : pending.length > 0 ? 'unread' : 'read';
	return (
		<NotificationBadge variant={variant} count={pending.length} isExpanded={expanded} onClick={onToggle} aria-label={`Alarms: ${plural(pending.length, 'unacknowledged alarm')}`} />
	);
}

function UserMenu() {
	const { session, leave } = useSession();
	const [open, setOpen] = useState(false);
	const [changing, setChanging] = useState(false);
	const end = async () => {
		try {
			await logOut();
		} finally {
			leave('You have logged out.');
		}
	};
	return (
		<>
			{changing && <PasswordDialog user={session.user ?? ''} onClose={() => setChanging(false)} />}
			<Dropdown
				isOpen={open}
				onOpenChange={setOpen}
				onSelect={() => setOpen(false)}
				popperProps={{ position: 'right' }}
				toggle={(ref) => (
					<MenuToggle ref={ref} variant="plainText" isExpanded={open} onClick={() => setOpen(!open)} icon={<UserIcon />} aria-label={`Account ${session.user ?? ''}`}>
						<span className="tp-wide-only">{session.user}</span>
					</MenuToggle>
				)}
			>
				<DropdownList>
					<DropdownItem isDisabled description={`Previous login ${timeText(session['previous-login-at'])}${session['failed-logins'] ? `, ${plural(session['failed-logins'], 'failed attempt')} since` : ''}`}>
						Logged in as {session.user}{session.level && session.level !== 'read-write' && ` (${levelNames[session.level].toLowerCase()})`}
					</DropdownItem>
				</DropdownList>
				<Divider />
				<ThemeItems />
				<Divider />
				<DropdownList>
					<DropdownItem onClick={() => setChanging(true)}>Change password</DropdownItem>
					<DropdownItem onClick={() => void end()}>Log out</DropdownItem>
				</DropdownList>
			</Dropdown>
		</>
	);
}
