// The presets seed and DISA (docs/api.md, "Presets").
import { get, post } from './http';

export type Preset = 'seed' | 'disa';
export const presets: Preset[] = ['seed', 'disa'];

export interface PresetSetting {
	path: string;
	label: string;
	running: string | null;
	candidate: string | null;
	seed: string | null;
	disa: string | null;
	deviates: Preset[];
	stricter: Preset[];
	rules: string[];
	needs: string | null;
}

export interface Filled {
	changed: string[];
	refused: { path: string; label: string; value: string; text: string }[];
}

export const readPresets = async () => (await get<{ settings: PresetSetting[] }>('/api/v1/presets')).settings;
export const fillPreset = (preset: Preset, paths?: string[]) => post<Filled>('/api/v1/presets', { preset, paths });
