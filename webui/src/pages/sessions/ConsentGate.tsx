// The notice before the login, alone, until it is accepted.
import { Button } from '@patternfly/react-core';
import { useEffect, useRef } from 'react';
import type { Session } from '../../api/types';
import { Doorway } from '../../parts/Doorway';

export function ConsentGate({ session, onAccept }: { session: Session; onAccept: () => void }) {
	const text = useRef<HTMLDivElement>(null);
	useEffect(() => text.current?.focus(), []);
	return (
		<Doorway session={session} title={session.consent?.title ?? ''} wide>
			<div ref={text} tabIndex={0} role="region" aria-label="Notice" className="tp-consent tp-gap-below">{session.consent?.text}</div>
			<Button variant="primary" isBlock onClick={onAccept}>I have read this and accept it</Button>
		</Doorway>
	);
}
