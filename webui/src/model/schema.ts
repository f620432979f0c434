// The configuration schema as GET /api/v1/model gives it.

export interface SchemaChoice {
	name: string;
	label: string;
	help?: string | null;
}

export interface SchemaNode {
	path: string;
	name: string;
	kind: 'leaf' | 'leaf-list' | 'container' | 'list';
	label: string;
	help?: string | null;
	type?: string | null;
	range?: string | null;
	length?: string | null;
	pattern?: string | null;
	'range-message'?: string | null;
	'pattern-message'?: string | null;
	'max-elements'?: number | string | null;
	enum?: SchemaChoice[] | null;
	default?: string | number | boolean | null;
	units?: string | null;
	mandatory?: boolean;
	keys?: string[] | null;
	leafref?: string | null;
	page?: string | null;
	when?: string | null;
	lockout?: boolean;
	nodes?: SchemaNode[] | null;
}

export function findNode(nodes: SchemaNode[], path: string): SchemaNode | null {
	for (const node of nodes) {
		if (node.path === path)
			return node;
		if (path.startsWith(`${node.path}/`))
			return findNode(node.nodes ?? [], path);
	}
	return null;
}

/**
 * Instance paths as one spelling, so that a server's error-path and a form's field
 * can be compared: no module prefix below the root, single quotes in predicates.
 */
export function plainPath(path: string): string {
	const text = path.replaceAll('"', "'");
	return text.replace(/(?<=.)\/[\w.-]+:/g, '/').replace(/\[[\w.-]+:/g, '[');
}

/** The words for a choice; the bare name when the schema has none. */
export function choiceLabel(node: SchemaNode | null | undefined, name: string): string {
	return node?.enum?.find((choice) => choice.name === name)?.label ?? name;
}
