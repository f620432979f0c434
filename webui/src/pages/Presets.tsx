// What two presets ask of each setting, side by side with what is in force.
import { Button, Card, CardBody, CardHeader, CardTitle, Checkbox, Label, Stack } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { messageOf } from '../api/http';
import { fillPreset, presets, readPresets, type Filled, type Preset, type PresetSetting } from '../api/presets';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { Link } from '../app/router';
import { useRead } from '../app/usePoll';
import type { SchemaNode } from '../model/schema';
import { plural } from '../parts/format';
import { Notice } from '../parts/Notice';
import { FailureNote, LoadingRows } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { placeOf } from './changes/places';
import { partsOf, presetNames, valueText } from './presets/words';

export function Presets() {
	const { model, config } = useLive();
	const mayWrite = useMayWrite();
	const settings = useRead('presets', readPresets);
	const [onlyDeviations, setOnlyDeviations] = useState(false);
	const [busy, setBusy] = useState(false);
	const [filled, setFilled] = useState<{ preset: Preset; answer: Filled } | null>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const all = settings.data ?? [];
	const shown = onlyDeviations ? all.filter((one) => one.deviates.length > 0) : all;

	const fill = async (preset: Preset, paths?: string[]) => {
		setBusy(true);
		setFailure(null);
		setFilled(null);
		try {
			setFilled({ preset, answer: await fillPreset(preset, paths) });
			settings.refresh();
		} catch (error) {
			setFailure(messageOf(error));
		}
		setBusy(false);
		config.refresh();
	};

	return (
		<PageFrame title="Presets" purpose="What the appliances that Turnpike replaces recommend, what the rules of DISA ask for, and where this appliance deviates.">
			<Stack hasGutter>
				<Card>
					<CardHeader><CardTitle component="h2">Two presets</CardTitle></CardHeader>
					<CardBody>
						<p className="tp-gap-below">
							<em>Seed</em> is what the appliances that Turnpike replaces recommend, or else are delivered with. <em>DISA</em> is what the security guides for network devices, session managers, web servers and applications ask for; each line names its rules.
							A value that is stricter than a preset is no deviation from it.
						</p>
						{settings.data && <p className="tp-gap-below">{presets.map((preset) => `${plural(count(all, preset), 'deviation')} from ${presetNames[preset]}`).join(', ')}.</p>}
						{mayWrite && (
							<>
								<div className="tp-buttons">
									{presets.map((preset) => <Button key={preset} variant="secondary" isDisabled={busy || !settings.data} onClick={() => void fill(preset)}>Put the {presetNames[preset]} values into the candidate</Button>)}
								</div>
								<p className="tp-quiet tp-gap-above-small">Nothing takes effect before you review and commit it. Stricter values stay as they are.</p>
							</>
						)}
					</CardBody>
				</Card>
				<div aria-live="polite" className="tp-contents">
					{failure && <Notice variant="danger" title="Nothing was put into the candidate">{failure}</Notice>}
					{filled && <Outcome preset={filled.preset} answer={filled.answer} nodes={model.data ?? []} settings={all} />}
				</div>
				{(settings.loading || model.loading) && <LoadingRows label="Reading the presets" rows={8} />}
				{settings.error && <FailureNote title="The presets could not be read" error={settings.error} retry={settings.refresh} />}
				{settings.data && model.data && (
					<Card>
						<CardHeader><CardTitle component="h2">Settings side by side</CardTitle></CardHeader>
						<CardBody>
							<Checkbox id="only-deviations" className="tp-gap-below" isChecked={onlyDeviations} onChange={(_event, value) => setOnlyDeviations(value)} label="Only deviations" />
							{shown.length === 0
								? <p className="tp-quiet">Nothing deviates from either preset.</p>
								: <Side settings={shown} nodes={model.data} busy={busy} onFill={mayWrite ? fill : null} />}
						</CardBody>
					</Card>
				)}
			</Stack>
		</PageFrame>
	);
}

const count = (settings: PresetSetting[], preset: Preset) => settings.filter((one) => one.deviates.includes(preset)).length;

function Outcome({ preset, answer, nodes, settings }: { preset: Preset; answer: Filled; nodes: SchemaNode[]; settings: PresetSetting[] }) {
	const { changed, refused } = answer;
	return (
		<>
			<Notice variant={changed.length > 0 ? 'success' : 'info'} title={changed.length > 0 ? `${plural(changed.length, `${presetNames[preset]} value`)} put into the candidate` : `No value of ${presetNames[preset]} was put into the candidate`}>
				{changed.length > 0 && <>They take effect when you <Link to="/changes">review and commit</Link> them.</>}
			</Notice>
			{refused.length > 0 && (
				<Notice variant="warning" title={refused.length === 1 ? '1 value needs something else first' : `${refused.length} values need something else first`}>
					<ul className="pf-v6-c-list">
						{refused.map((one) => {
							const setting = settings.find((candidate) => candidate.path === one.path);
							const to = placeOf(one.path);
							const { group, name } = partsOf(one);
							const words = `${group} › ${name}: ${setting ? valueText(nodes, setting, one.value) : one.value}`;
							return <li key={one.path}>{to ? <Link to={to}>{words}</Link> : words}. {one.text}</li>;
						})}
					</ul>
				</Notice>
			)}
		</>
	);
}

interface SideProps {
	settings: PresetSetting[];
	nodes: SchemaNode[];
	busy: boolean;
	onFill: ((preset: Preset, paths: string[]) => Promise<void>) | null;
}

function Side({ settings, nodes, busy, onFill }: SideProps) {
	const groups = [...new Set(settings.map((one) => partsOf(one).group))];
	return (
		<Table variant="compact" aria-label="Settings side by side" gridBreakPoint="grid-lg" className="tp-presets">
			<Thead><Tr><Th width={20}>Setting</Th><Th width={20}>In force</Th><Th width={20}>Seed</Th><Th width={20}>DISA</Th><Th width={20}>Rules</Th></Tr></Thead>
			{groups.map((group) => (
				<Tbody key={group}>
					<Tr><Th colSpan={5} scope="rowgroup" className="tp-presets-group">{group}</Th></Tr>
					{settings.filter((one) => partsOf(one).group === group).map((one) => (
						<Tr key={one.path}>
							<Td dataLabel="Setting"><Place setting={one} /></Td>
							<Td dataLabel="In force">
								<div>
									{valueText(nodes, one, one.running)}
									{one.candidate !== one.running && <div className="tp-small"><Label isCompact color="blue" variant="outline">Candidate</Label> {valueText(nodes, one, one.candidate)}</div>}
								</div>
							</Td>
							{presets.map((preset) => <Td key={preset} dataLabel={presetNames[preset]}><Wanted setting={one} preset={preset} nodes={nodes} busy={busy} onFill={onFill} /></Td>)}
							<Td dataLabel="Rules" className="tp-small">{one.rules.length > 0 ? one.rules.join(', ') : '–'}</Td>
						</Tr>
					))}
				</Tbody>
			))}
		</Table>
	);
}

function Place({ setting }: { setting: PresetSetting }) {
	const to = placeOf(setting.path);
	const { name } = partsOf(setting);
	return to ? <Link to={to}>{name}</Link> : <span>{name}</span>;
}

interface WantedProps {
	setting: PresetSetting;
	preset: Preset;
	nodes: SchemaNode[];
	busy: boolean;
	onFill: SideProps['onFill'];
}

function Wanted({ setting, preset, nodes, busy, onFill }: WantedProps) {
	const value = setting[preset];
	const deviates = setting.deviates.includes(preset);
	if (setting.needs !== null)
		return preset === 'disa' ? <div>{deviates && <Verdict word="To be set" />}<div className="tp-small">{setting.needs}</div></div> : <span className="tp-quiet">Yours to choose</span>;
	const name = `Put ${presetNames[preset]}’s ${partsOf(setting).name} into the candidate`;
	return (
		<div>
			<div>{valueText(nodes, setting, value)}</div>
			{deviates && <Verdict word="Deviates" />}
			{setting.stricter.includes(preset) && <Label isCompact variant="outline" color="grey">In force: stricter</Label>}
			{onFill && deviates && setting.candidate !== value && <div><Button variant="link" isInline size="sm" isDisabled={busy} aria-label={name} onClick={() => void onFill(preset, [setting.path])}>Into the candidate</Button></div>}
		</div>
	);
}

const Verdict = ({ word }: { word: string }) => <Label isCompact color="orange">{word}</Label>;
