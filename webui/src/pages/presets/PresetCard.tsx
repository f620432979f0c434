// The presets' values for the settings of one page, and putting them into the candidate.
import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useState } from 'react';
import { messageOf } from '../../api/http';
import { fillPreset, presets, readPresets, type Filled, type Preset } from '../../api/presets';
import { useLive } from '../../app/Live';
import { Link } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { Notice } from '../../parts/Notice';
import { FailureNote } from '../../parts/notes';
import { partsOf, presetNames, valueText } from './words';

interface PresetCardProps {
	/** Whose settings: the beginning of their paths. */
	inside: string[];
	onFilled: () => void;
}

export function PresetCard({ inside, onFilled }: PresetCardProps) {
	const { model, config } = useLive();
	const reading = useRead('presets', readPresets);
	const [refused, setRefused] = useState<Filled['refused']>([]);
	const [failure, setFailure] = useState<string | null>(null);
	const settings = (reading.data ?? []).filter((one) => one.needs === null && inside.some((path) => one.path.startsWith(path)));
	const fill = async (preset: Preset) => {
		setFailure(null);
		try {
			const answer = await fillPreset(preset, settings.map((one) => one.path));
			setRefused(answer.refused);
			onFilled();
		} catch (error) {
			setFailure(messageOf(error));
		}
		config.refresh();
	};
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Presets</CardTitle></CardHeader>
			<CardBody>
				<p className="tp-gap-below">A preset fills in these values; they take effect with the next commit. <Link to="/presets">All presets side by side</Link></p>
				{reading.error && <FailureNote title="The presets could not be read" error={reading.error} retry={reading.refresh} />}
				{settings.length > 0 && model.data && presets.map((preset) => (
					<p key={preset} className="tp-gap-below">
						<em>{presetNames[preset]}</em>: {settings.map((one) => `${partsOf(one).name} ${valueText(model.data ?? [], one, one[preset])}`).join(', ')}.
					</p>
				))}
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
				{refused.map((one) => <Notice key={one.path} variant="warning" title={`${partsOf(one).name} stays as it was`} className="tp-gap-below">{one.text}</Notice>)}
				<div className="tp-buttons">
					{presets.map((preset) => <Button key={preset} variant="secondary" isDisabled={settings.length === 0} onClick={() => void fill(preset)}>Fill in {presetNames[preset]}</Button>)}
				</div>
			</CardBody>
		</Card>
	);
}
