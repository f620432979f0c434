// The result of the secure traversal test as a checklist.
import { Label, type LabelProps } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import { useEffect, useRef, type ComponentType } from 'react';
import type { StepResult, TraversalTestAnswer, TraversalTestStep } from '../../api/tls';
import { Notice } from '../../parts/Notice';

const titles: Record<string, string> = {
	resolve: 'Name to address',
	connect: 'Connection',
	tls: 'TLS version and ciphers',
	'edge-chain': 'Certificate of the edge',
	'edge-name': 'Name of the edge',
	revocation: 'Revocation',
	'own-name': 'Name of this core',
	acceptance: 'What the edge says of this core',
	clock: 'Clocks',
};

const looks: Record<StepResult, { word: string; icon: ComponentType; color: LabelProps['color'] }> = {
	ok: { word: 'Good', icon: CheckCircleIcon, color: 'green' },
	warn: { word: 'Look at this', icon: ExclamationTriangleIcon, color: 'yellow' },
	fail: { word: 'Failed', icon: ExclamationCircleIcon, color: 'red' },
	'not-reached': { word: 'Not checked', icon: MinusCircleIcon, color: 'grey' },
};

const verdicts = {
	ok: { variant: 'success', title: 'The way to the edge is good' },
	warn: { variant: 'warning', title: 'The way to the edge is good, but look at what is marked' },
	fail: { variant: 'danger', title: 'The traversal link cannot come up like this' },
} as const;

export function TestSteps({ answer }: { answer: TraversalTestAnswer }) {
	const verdict = verdicts[answer.result];
	const top = useRef<HTMLDivElement>(null);
	useEffect(() => {
		top.current?.scrollIntoView({ block: 'nearest' }); // on a telephone it stands below the form
	}, [answer]);
	return (
		<div ref={top}>
			<Notice variant={verdict.variant} title={verdict.title} className="tp-gap-below">Took {answer['took-ms']} ms.</Notice>
			<ol className="tp-checklist" aria-label="Steps of the test">
				{answer.steps.map((step) => <Step key={step.step} step={step} />)}
			</ol>
		</div>
	);
}

function Step({ step }: { step: TraversalTestStep }) {
	const look = looks[step.result] ?? looks['not-reached'];
	const Icon = look.icon;
	return (
		<li className={`tp-check tp-check-${step.result}`}>
			<span className="tp-check-mark" aria-hidden="true"><Icon /></span>
			<div>
				<h3 className="tp-check-title">
					{titles[step.step] ?? step.step} <Label isCompact variant="outline" color={look.color}>{look.word}</Label>
				</h3>
				{step.text && <p className="tp-break">{step.text}</p>}
				{step.remedy && <p className="tp-break tp-gap-above-small"><strong>What to do:</strong> {step.remedy}</p>}
			</div>
		</li>
	);
}
