// The words for values and verdicts of presets.
import type { Preset, PresetSetting } from '../../api/presets';
import { choiceLabel, findNode, type SchemaNode } from '../../model/schema';
import { plural } from '../../parts/format';

export const presetNames: Record<Preset, string> = { seed: 'Seed', disa: 'DISA' };

const singular: Record<string, string> = { characters: 'character', minutes: 'minute', seconds: 'second', hours: 'hour', days: 'day' };

/** A value as its form shows it. */
export function valueText(nodes: SchemaNode[], setting: PresetSetting, value: string | null): string {
	const node = findNode(nodes, setting.path);
	if (value === null)
		return 'Not set';
	if (node?.kind === 'list' || node?.kind === 'leaf-list')
		return plural(Number(value), 'entry', 'entries');
	if (setting.needs !== null)
		return 'Set';
	if (node?.type === 'boolean')
		return value === 'true' ? 'On' : 'Off';
	if (node?.enum)
		return choiceLabel(node, value);
	const unit = node?.units ? (value === '1' ? singular[node.units] ?? node.units : node.units) : '';
	return unit ? `${value} ${unit}` : value;
}

/** The name of the setting, and what it is in: of what is spread over many pages, the page. */
export function partsOf({ path, label }: { path: string; label: string }): { group: string; name: string } {
	const parts = label.split(' › ');
	const isSpread = /^\/turnpike-(access|tls):/.test(path);
	return { name: parts.at(-1) ?? label, group: parts.slice(isSpread ? 1 : 0, -1).join(' › ') };
}
