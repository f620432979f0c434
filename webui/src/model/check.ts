// What a form can say before it asks the server: something is missing, a number is
// out of its range. Everything else is the server's to say.
import type { ConfigTree, ConfigValue } from '../api/config';
import type { SchemaNode } from './schema';
import { applies, childScope, effective, type Scope } from './when';

export type Faults = ReadonlyMap<string, string>;

export const isNumber = (node: SchemaNode) => /^u?int\d+$/.test(node.type ?? '');

function rangeFault(node: SchemaNode, text: string): string | null {
	if (!/^-?\d+$/.test(text))
		return `${node.label} must be a whole number.`;
	if (!node.range)
		return null;
	const spans = node.range.split('|').map((span) => span.trim().split('..').map(Number));
	const value = Number(text);
	const inside = spans.some(([low = NaN, high = low]) => value >= low && value <= high);
	return inside ? null : node['range-message'] ?? `${node.label} must be ${rangeText(node.range)}.`;
}

/** YANG's patterns are anchored; those that JavaScript cannot read are left to the server. */
function patternFault(node: SchemaNode, text: string): string | null {
	if (!node.pattern || !node['pattern-message'])
		return null;
	try {
		return new RegExp(`^(?:${node.pattern})$`, 'u').test(text) ? null : node['pattern-message'];
	} catch {
		return null;
	}
}

export function rangeText(range: string): string {
	return range.split('|').map((span) => {
		const [low, high] = span.trim().split('..');
		return high === undefined ? `${low}` : `${low} to ${high}`;
	}).join(' or ');
}

export const isKey = (list: SchemaNode | null, node: SchemaNode) => list?.keys?.includes(node.name) ?? false;

const isEmpty = (value: ConfigValue | undefined) => value === undefined || value === null || value === '';

/** Faults of a container or list entry by instance path. */
export function checkTree(scope: Scope, path: string, found = new Map<string, string>()): Map<string, string> {
	for (const node of scope.node.nodes ?? []) {
		if (!applies(node, scope))
			continue;
		const value = scope.value[node.name];
		const at = `${path}/${node.name}`;
		if (node.kind === 'leaf') {
			const effectiveValue = effective(node, value);
			const needed = node.mandatory || isKey(scope.node.kind === 'list' ? scope.node : null, node);
			if (needed && isEmpty(effectiveValue))
				found.set(at, `${node.label} is needed.`);
			else if (!isEmpty(value)) {
				const fault = isNumber(node) ? rangeFault(node, String(value)) : patternFault(node, String(value));
				if (fault)
					found.set(at, fault);
			}
		} else if (node.kind === 'container') {
			checkTree(childScope(scope, node, value), at, found);
		} else if (node.kind === 'list' && Array.isArray(value)) {
			for (const entry of value as ConfigTree[])
				checkTree(childScope(scope, node, entry), entryPath(at, node, entry), found);
		}
	}
	return found;
}

export function entryPath(listPath: string, list: SchemaNode, entry: ConfigTree): string {
	return listPath + (list.keys ?? []).map((key) => `[${key}='${String(entry[key] ?? '')}']`).join('');
}

/** What is sent: values that apply, without empty texts, numbers as JSON numbers. */
export function cleanTree(scope: Scope): ConfigTree {
	const clean: ConfigTree = {};
	for (const node of scope.node.nodes ?? []) {
		const value = scope.value[node.name];
		if (isEmpty(value) || !applies(node, scope))
			continue;
		if (node.kind === 'container') {
			const inner = cleanTree(childScope(scope, node, value));
			if (Object.keys(inner).length > 0)
				clean[node.name] = inner;
		} else if (node.kind === 'list') {
			clean[node.name] = (value as ConfigTree[]).map((entry) => cleanTree(childScope(scope, node, entry)));
		} else {
			clean[node.name] = wireValue(node, value as ConfigValue);
		}
	}
	return clean;
}

/** RFC 7951: 64-bit numbers travel as text, the others as numbers. */
export function wireValue(node: SchemaNode, value: ConfigValue): ConfigValue {
	if (Array.isArray(value))
		return value.map((item) => wireValue(node, item));
	if (isNumber(node) && !/64$/.test(node.type ?? '') && typeof value === 'string' && /^-?\d+$/.test(value))
		return Number(value);
	return value;
}
