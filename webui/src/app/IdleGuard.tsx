// Ends the session of a person who has left. The pages read the appliance every few
// seconds, so to the server a forgotten tab looks busy: the time without a hand on
// it is counted here, over all tabs of the browser.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { logOut } from '../api/session';
import { clockText, durationText } from '../parts/format';
import { useSession } from './SessionContext';

const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;
const warnSeconds = 60;

export function IdleGuard() {
	const { session, leave } = useSession();
	const limit = session['idle-s'] ?? 0;
	const [left, setLeft] = useState(limit);

	useEffect(() => {
		if (limit <= 0)
			return undefined;
		let last = Date.now();
		let ended = false;
		const tabs = new BroadcastChannel('turnpike-activity');
		const onSign = () => {
			if (Date.now() - last > 1000)
				tabs.postMessage(null);
			last = Date.now();
		};
		tabs.onmessage = () => {
			last = Date.now();
		};
		const timer = window.setInterval(() => {
			const rest = limit - Math.floor((Date.now() - last) / 1000);
			setLeft(rest);
			if (rest <= 0 && !ended) {
				ended = true;
				void logOut().catch(() => undefined).then(() => leave(`You were logged out after ${durationText(limit)} without activity.`));
			}
		}, 1000);
		for (const sign of signs)
			window.addEventListener(sign, onSign, { passive: true });
		return () => {
			window.clearInterval(timer);
			tabs.close();
			for (const sign of signs)
				window.removeEventListener(sign, onSign);
		};
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
