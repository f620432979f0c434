// The login where the certificate is all that is needed.
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { logInByCard, type ShownCard } from '../../api/card';
import { messageOf } from '../../api/http';
import { useSession } from '../../app/SessionContext';
import { Facts } from '../../parts/Facts';
import { Notice } from '../../parts/Notice';

export function CardLogin({ card, onLoggedIn }: { card: ShownCard; onLoggedIn: () => void }) {
	const { renew } = useSession();
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const submit = async () => {
		setBusy(true);
		setFailure(null);
		try {
			await logInByCard();
			onLoggedIn();
			await renew();
		} catch (error) {
			setFailure(messageOf(error));
			setBusy(false);
		}
	};
	return (
		<>
			<div aria-live="polite">{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}</div>
			<Facts facts={[['Certificate', card.subject], ['User name', card.name ?? card['name-reason']]]} className="tp-gap-below" />
			<Button variant="primary" isBlock isLoading={busy} isDisabled={busy} onClick={submit}>Log in with this certificate</Button>
			<p className="tp-quiet tp-gap-above">To come with another certificate, close all windows of the browser first.</p>
		</>
	);
}
