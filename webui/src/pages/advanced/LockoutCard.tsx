// Whether failed logins have closed the login, and opening it again.
import { Button, Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import { useState } from 'react';
import { releaseLockout, type Lockout } from '../../api/advanced';
import { messageOf } from '../../api/http';
import { useMayWrite } from '../../app/access';
import { plural, timeText } from '../../parts/format';
import { Notice } from '../../parts/Notice';

export function LockoutCard({ lockout, onReleased }: { lockout: Lockout; onReleased: () => void }) {
	const mayWrite = useMayWrite();
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const until = lockout.until_ms === null ? null : timeText(new Date(lockout.until_ms).toISOString());
	const release = async () => {
		setBusy(true);
		setFailure(null);
		try {
			await releaseLockout();
			onReleased();
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
	};
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Lockout <Label isCompact color={lockout.blocked ? 'orange' : 'green'}>{lockout.blocked ? 'Nobody can log in' : 'Open'}</Label></CardTitle></CardHeader>
			<CardBody>
				<p>
					{lockout.blocked
						? `Too many logins failed. ${until ? `The login opens again at ${until}.` : 'The login stays closed until somebody releases it here.'} Who shows a valid certificate of an account comes in all the same.`
						: lockout.failures > 0 ? `${plural(lockout.failures, 'login')} failed in a row.` : 'No login failed in a row.'}
				</p>
				{failure && <Notice variant="danger" title={failure} className="tp-gap-above" />}
				{lockout.blocked && mayWrite && <Button variant="secondary" className="tp-gap-above" isLoading={busy} isDisabled={busy} onClick={() => void release()}>Release the login</Button>}
			</CardBody>
		</Card>
	);
}
