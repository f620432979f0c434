// Asks a person who has left, then ends the session, before the server does.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { activity } from '../api/activity';
import { logOut } from '../api/session';
import { clockText, durationText } from '../parts/format';
import { useSession } from './SessionContext';

const warnSeconds = 60;

export function IdleGuard() {
	const { session, leave } = useSession();
	const limit = session['idle-s'] ?? 0;
	const [left, setLeft] = useState(limit);

	useEffect(() => {
		if (limit <= 0)
			return undefined;
		activity.note();
		const timer = window.setInterval(() => {
			const rest = limit - activity.secondsAgo();
			setLeft(rest);
			if (rest > 0)
				return;
			window.clearInterval(timer);
			void logOut().catch(() => undefined).then(() => leave(`You were logged out after ${durationText(limit)} without activity.`));
		}, 1000);
		return () => window.clearInterval(timer);
	}, [limit, leave]);

	if (limit <= 0 || left <= 0 || left > Math.min(warnSeconds, limit / 2))
		return null;
	return (
		<Modal variant="small" isOpen onClose={() => setLeft(limit)} aria-labelledby="idle-title" aria-describedby="idle-body">
			<ModalHeader title="Are you still there?" labelId="idle-title" />
			<ModalBody id="idle-body">Without activity you are logged out in <span role="timer">{clockText(left)}</span>.</ModalBody>
			<ModalFooter><Button onClick={() => setLeft(limit)}>Stay logged in</Button></ModalFooter>
		</Modal>
	);
}
