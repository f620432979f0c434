// One number that matters, with what it means and where it leads.
import { Card, CardBody } from '@patternfly/react-core';
import { Link } from '../../app/router';
import { countText } from '../../parts/format';

interface FigureProps {
	label: string;
	value: number;
	of?: number;
	note?: string;
	tone?: 'success' | 'warning' | 'danger';
	to: string;
}

export function Figure({ label, value, of, note, tone, to }: FigureProps) {
	return (
		<Card isCompact isFullHeight className={tone ? `tp-figure tp-tone-${tone}` : 'tp-figure'}>
			<CardBody>
				<Link to={to} className="tp-figure-label">{label}</Link>
				<div className="tp-figure-value">{countText(value)}{of !== undefined && <span className="tp-figure-of"> / {countText(of)}</span>}</div>
				<div className="tp-figure-note">{note ?? '\u00a0'}</div>
			</CardBody>
		</Card>
	);
}
