// What takes long before day zero, looked at now: each check with the fact that it found.
import { Button, Card, CardBody, CardHeader, CardTitle, Label, Stack, type LabelProps } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import type { ComponentType } from 'react';
import { readReadiness, type ReadinessCheck } from '../api/readiness';
import { Link } from '../app/router';
import { useRead } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { plural, timeText } from '../parts/format';
import { Notice } from '../parts/Notice';
import { FailureNote, LoadingRows } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';

const looks: Record<ReadinessCheck['state'], { word: string; icon: ComponentType; color: LabelProps['color']; mark: string }> = {
	ready: { word: 'Ready', icon: CheckCircleIcon, color: 'green', mark: 'ok' },
	attention: { word: 'Look at this', icon: ExclamationTriangleIcon, color: 'yellow', mark: 'warn' },
	unknown: { word: 'Not known', icon: MinusCircleIcon, color: 'grey', mark: 'not-reached' },
};

export function Readiness() {
	const reading = useRead('readiness', readReadiness);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const groups = [...new Set(data?.checks.map((check) => check.group))];
	const open = data?.checks.filter((check) => check.state !== 'ready').length ?? 0;
	const again = <Button variant="secondary" onClick={reading.refresh}>Look again</Button>;
	return (
		<PageFrame title="Readiness" purpose="Certificates, names, firewalls and time servers come from others, and take days. Begin with what is marked here." actions={again}>
			{!data && reading.loading && <LoadingRows label="Looking" rows={6} />}
			{reading.error && <FailureNote title="The checks could not be made" error={reading.error} retry={reading.refresh} />}
			{data && (
				<Stack hasGutter>
					<div aria-live="polite">
						<Notice variant={open > 0 ? 'warning' : 'success'} title={open > 0 ? `${plural(open, 'check')} to look at` : 'Everything that is checked here is ready'}>Looked at {timeText(data['looked-at'])}.</Notice>
					</div>
					{groups.map((group) => <GroupCard key={group} title={group} checks={data.checks.filter((check) => check.group === group)} />)}
				</Stack>
			)}
		</PageFrame>
	);
}

function GroupCard({ title, checks }: { title: string; checks: ReadinessCheck[] }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">{title}</CardTitle></CardHeader>
			<CardBody>
				<ul className="tp-checklist" aria-label={title}>
					{checks.map((check) => <Check key={`${check.id} ${check.subject} ${check.text}`} check={check} />)}
				</ul>
			</CardBody>
		</Card>
	);
}

function Check({ check }: { check: ReadinessCheck }) {
	const look = looks[check.state] ?? looks.unknown;
	const Icon = look.icon;
	return (
		<li className={`tp-check tp-check-${look.mark}`}>
			<span className="tp-check-mark" aria-hidden="true"><Icon /></span>
			<div>
				<h3 className="tp-check-title">
					<span className="tp-break">{check.title}{check.subject && `: ${check.subject}`}</span> <Label isCompact variant="outline" color={look.color}>{look.word}</Label>
				</h3>
				<p className="tp-break">{check.text} {check.state !== 'ready' && check.page && <Link to={check.page}>Go there</Link>}</p>
				{check.remedy && <p className="tp-break tp-gap-above-small"><strong>What to do:</strong> {check.remedy}</p>}
			</div>
		</li>
	);
}
