// The names a leafref may choose from: read from the candidate.
import { createContext, use } from 'react';
import { readCandidate, type ConfigTree, type ConfigValue } from '../api/config';
import { useRead } from '../app/usePoll';
import type { SchemaNode } from './schema';

export type References = ReadonlyMap<string, string[]>;

const ReferencesContext = createContext<References>(new Map());
export const ReferencesProvider = ReferencesContext;
export const useReferences = () => use(ReferencesContext);

function leafrefsOf(node: SchemaNode): string[] {
	const own = node.leafref ? [node.leafref] : [];
	return own.concat((node.nodes ?? []).flatMap(leafrefsOf));
}

async function readReferences(paths: string[]): Promise<References> {
	const found = new Map<string, string[]>();
	for (const path of paths) {
		const [root = '', ...steps] = path.split('/').filter(Boolean);
		const { value } = await readCandidate(`/${root}`);
		let values: ConfigValue[] = [value];
		for (const step of steps) {
			const name = step.replace(/^.*:/, '');
			values = values.flatMap((tree) => {
				const child = (tree as ConfigTree)[name];
				return child === undefined ? [] : Array.isArray(child) ? child : [child];
			});
		}
		found.set(path, values.map(String));
	}
	return found;
}

export function useReadReferences(node: SchemaNode | null): References {
	const paths = [...new Set(node ? leafrefsOf(node) : [])];
	const reading = useRead(`references ${paths.join(' ')}`, () => readReferences(paths));
	return reading.data ?? new Map();
}
