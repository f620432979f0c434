// What has to hold before the mode begins, and where each is met.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import type { Prerequisite } from '../../api/advanced';
import { Link } from '../../app/router';
import { plural } from '../../parts/format';

/** Those that are not met below, on this page itself. */
const places: Record<string, { to: string; label: string }> = {
	'remote-source': { to: '/login', label: 'Login' },
	'remote-administrators': { to: '/login', label: 'Login' },
	'emergency-exists': { to: '/administrators', label: 'Administrators' },
	'emergency-own': { to: '/administrators', label: 'Administrators' },
	'emergency-rights': { to: '/administrators', label: 'Administrators' },
	'emergency-card': { to: '/certificate-login', label: 'Certificate login' },
};

export function Prerequisites({ list }: { list: Prerequisite[] }) {
	const left = list.filter((one) => !one.passed).length;
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">What it needs</CardTitle>
				<p className="tp-quiet">{left === 0 ? 'Everything is there.' : `${plural(left, 'thing')} missing.`} Looked at is the candidate: what a commit would put in force now.</p>
			</CardHeader>
			<CardBody>
				<ul className="tp-checklist" aria-label="Prerequisites">
					{list.map((one) => {
						const place = places[one.id];
						return (
							<li key={one.id} className={`tp-check tp-check-${one.passed ? 'ok' : 'not-reached'}`}>
								<span className="tp-check-mark" aria-hidden="true">{one.passed ? <CheckCircleIcon /> : <MinusCircleIcon />}</span>
								<div>
									<h3 className="tp-check-title">{one.text} <Label isCompact variant="outline" color={one.passed ? 'green' : 'orange'}>{one.passed ? 'Yes' : 'Not yet'}</Label></h3>
									{!one.passed && <p>{one.remedy} {place && <Link to={place.to}>{place.label}</Link>}</p>}
								</div>
							</li>
						);
					})}
				</ul>
			</CardBody>
		</Card>
	);
}
