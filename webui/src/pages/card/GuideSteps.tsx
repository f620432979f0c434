// From "not required" to login by certificate, step by step, with what is done already.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import type { ReactNode } from 'react';
import type { CardGuide } from '../../api/card';
import type { ConfigStatus } from '../../api/types';
import { Link } from '../../app/router';
import { plural } from '../../parts/format';

interface Step {
	title: string;
	done: boolean;
	text: ReactNode;
}

export function GuideSteps({ guide, config }: { guide: CardGuide; config: ConfigStatus | null }) {
	const steps = stepsOf(guide, config);
	const next = steps.findIndex((step) => !step.done);
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">The way to login by certificate</CardTitle>
				<p className="tp-quiet">Each step shows how things are now, on this very connection. Nobody is asked for a certificate before the sixth.</p>
			</CardHeader>
			<CardBody>
				<ol className="tp-checklist" aria-label="Steps to login by certificate">
					{steps.map((step, n) => (
						<li key={step.title} className={`tp-check tp-check-${step.done ? 'ok' : 'not-reached'}`}>
							<span className="tp-check-mark" aria-hidden="true">{step.done ? <CheckCircleIcon /> : <MinusCircleIcon />}</span>
							<div>
								<h3 className="tp-check-title">
									{step.title} <Label isCompact variant="outline" color={step.done ? 'green' : n === next ? 'blue' : 'grey'}>{step.done ? 'Done' : n === next ? 'Next' : 'Open'}</Label>
								</h3>
								<p className="tp-break">{step.text}</p>
							</div>
						</li>
					))}
				</ol>
			</CardBody>
		</Card>
	);
}

function stepsOf(guide: CardGuide, config: ConfigStatus | null): Step[] {
	const { certificate: card, account, authorities } = guide;
	const raised = guide.level !== 'not-required';
	const bare = authorities.filter((ca) => ca.crl === null || ca.crl === 'expired');
	const first = authorities.length > 0;
	return [
		{
			title: 'Trust the CAs of your people',
			done: first,
			text: first ? `${plural(authorities.length, 'CA')} trusted for web login.` : <>Append the CA that issues the cards, and tick “Web login”, on <Link to="/trusted-cas">Trusted CAs</Link>. Browsers send only the card’s own certificate: append the CAs between it and the root, too.</>,
		},
		{
			title: 'Know what is revoked',
			done: first && (guide['use-ocsp'] || (guide['use-crls'] && bare.length === 0)),
			text: revocationText(guide, bare.map((ca) => ca.subject)),
		},
		{
			title: 'Open the port for trying a card',
			done: raised || guide['card-port'] > 0,
			text: raised ? 'The web interface itself asks for certificates.' : guide['card-port'] > 0 ? `Port ${guide['card-port']} asks for a certificate; the web interface itself does not.` : 'Switch it on below and commit. It asks for a certificate, while the web interface itself does not.',
		},
		{
			title: 'Show your card on this connection',
			done: card.good,
			text: card.good ? <>Seen and valid: {card.subject}</> : card.shown ? <>Seen, but refused: {card.reason}.</> : guide['card-port'] > 0 ? <>None is shown here. <a href={`https://${window.location.hostname}:${guide['card-port']}/certificate-login`}>Open this page on port {guide['card-port']}</a> and choose your certificate.</> : 'None is shown here.',
		},
		{
			title: 'Find your account by it',
			done: card.good && account?.administers === true,
			text: accountText(guide),
		},
		{
			title: 'Set the level, and commit on trial',
			done: raised,
			text: raised ? `The level is ${guide.level === 'validation' ? 'Certificate validation' : 'Certificate-based authentication'}.` : <>Choose the level below, save, and commit on <Link to="/changes">Changes and history</Link> with a time in which you will confirm. Without the steps before, the appliance refuses it.</>,
		},
		{
			title: 'Come in with the card, and confirm',
			done: raised && !config?.trial,
			text: raised && !config?.trial ? 'Confirmed.' : 'After the commit, open the web interface anew with your card, log in, and confirm. When nobody does, everything is undone by itself.',
		},
	];
}

function revocationText(guide: CardGuide, bare: string[]): ReactNode {
	if (guide['use-ocsp'])
		return 'The responders that certificates name are asked.';
	if (!guide['use-crls'])
		return 'Neither lists nor responders are asked: a lost card stays good until it expires.';
	if (guide.authorities.length === 0)
		return 'A revocation list of each of these CAs is needed.';
	if (bare.length === 0)
		return 'There is a current revocation list of each CA.';
	return <>No current list of {bare.join('; ')}: {guide['refuse-unknown'] ? 'its cards are refused' : 'its cards are taken as not revoked'}. Get one on <Link to="/revocation">Revocation</Link>.</>;
}

function accountText({ certificate: card, account }: CardGuide): ReactNode {
	const test = <Link to="/certificate-test">Client certificate testing</Link>;
	if (!card.shown)
		return 'Needs your card on this connection.';
	if (!card.name)
		return <>{card['name-reason']} Try patterns on {test}.</>;
	if (account?.administers)
		return `The name ${card.name} is that of an account that may change settings.`;
	return <>The name is {card.name}. {account?.reason} Try patterns on {test}.</>;
}
