// Settings that the mode recommends; each that is not so is an alarm while it is on.
import { Card, CardBody, CardHeader, CardTitle, Label } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import type { Recommendation } from '../../api/advanced';
import { Link } from '../../app/router';
import { placeOf } from '../changes/places';

export function Recommendations({ list, isOn }: { list: Recommendation[]; isOn: boolean }) {
	if (list.length === 0)
		return null;
	return (
		<Card>
			<CardHeader>
				<CardTitle component="h2">Recommended settings</CardTitle>
				<p className="tp-quiet">{isOn ? 'Each that is not so is an alarm, until it is so.' : 'In the mode, each that is not so is an alarm.'} Looked at is what is in force. <Link to="/presets">All settings that rules ask for</Link></p>
			</CardHeader>
			<CardBody>
				<ul className="tp-checklist" aria-label="Recommended settings">
					{list.map((one) => {
						const to = placeOf(one.path);
						return (
							<li key={one.id} className={`tp-check tp-check-${one.met ? 'ok' : 'warn'}`}>
								<span className="tp-check-mark" aria-hidden="true">{one.met ? <CheckCircleIcon /> : <ExclamationTriangleIcon />}</span>
								<div>
									<h3 className="tp-check-title">{one.text} <Label isCompact variant="outline" color={one.met ? 'green' : 'orange'}>{one.met ? 'Yes' : 'No'}</Label>{one.service && !one.text.startsWith(one.service) && <Label isCompact variant="outline" color="grey">{one.service}</Label>}</h3>
									{!one.met && <p>{one.remedy} {to && <Link to={to}>Go there</Link>}</p>}
								</div>
							</li>
						);
					})}
				</ul>
			</CardBody>
		</Card>
	);
}
