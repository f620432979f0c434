// After a login: when the account logged in before, and what was tried with its name.
import { AlertActionCloseButton } from '@patternfly/react-core';
import { useState } from 'react';
import { plural, timeText } from '../parts/format';
import { Notice } from '../parts/Notice';
import { methodNames } from '../pages/sessions/words';
import { Link } from './router';
import { useSession } from './SessionContext';

const key = 'turnpike-login-seen';

export function LoginNotice() {
	const { session } = useSession();
	const at = session['logged-in-at'] ?? '';
	const [seen, setSeen] = useState(() => sessionStorage.getItem(key));
	if (!at || seen === at)
		return null;
	const close = () => {
		sessionStorage.setItem(key, at);
		setSeen(at);
	};
	const failures = session['failed-logins'] ?? 0;
	const source = session['previous-login-source'];
	const method = session['previous-login-method'];
	const before = session['previous-login-at']
		? `Last login ${timeText(session['previous-login-at'])}${source ? ` from ${source}` : ''}${method ? ` (${methodNames[method].toLowerCase()})` : ''}.`
		: 'This is the first login of this account.';
	const failed = failures > 0
		? `${plural(failures, 'login')} failed since${session['last-failure-at'] ? `, the last at ${timeText(session['last-failure-at'])}${session['last-failure-source'] ? ` from ${session['last-failure-source']}` : ''}` : ''}.`
		: 'No login failed since.';
	return (
		<Notice variant={failures > 0 ? 'warning' : 'info'} title={before} className="tp-login-notice" actionClose={<AlertActionCloseButton onClose={close} />}>
			{failed} <Link to="/logins">Your logins</Link>
		</Notice>
	);
}
