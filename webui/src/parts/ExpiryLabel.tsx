// How near a certificate's end is: a colour, and always the words.
import { Label, type LabelProps } from '@patternfly/react-core';
import type { Expiry } from '../api/certificates';
import { dateText, daysUntil, plural } from './format';

const status: Record<Expiry, LabelProps['status']> = { fine: undefined, information: 'info', warning: 'warning', critical: 'danger', expired: 'danger' };

/** As the appliance tells it; made from the date where it does not. */
export function expiryOf(at: string | null): Expiry | null {
	const days = daysUntil(at);
	if (days === null)
		return null;
	return days < 0 ? 'expired' : days < 7 ? 'critical' : days < 30 ? 'warning' : days < 60 ? 'information' : 'fine';
}

export function ExpiryText({ at, expiry = expiryOf(at) }: { at: string | null; expiry?: Expiry | null }) {
	const days = daysUntil(at);
	if (expiry === null || days === null)
		return '–';
	if (expiry === 'fine')
		return dateText(at);
	return <span className="tp-expiry">{dateText(at)} <Label isCompact variant="outline" status={status[expiry]}>{expiry === 'expired' ? 'Expired' : days === 0 ? 'Ends today' : `${plural(days, 'day')} left`}</Label></span>;
}
