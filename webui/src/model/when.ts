// Whether a node applies: the `when` conditions that db/yang uses, which compare
// neighbours with words, joined by "and", "or" and "not()".
import type { ConfigTree, ConfigValue } from '../api/config';
import type { SchemaNode } from './schema';

/** A container or list entry with its values and what it stands in. */
export interface Scope {
	node: SchemaNode;
	value: ConfigTree;
	up: Scope | null;
}

export const childScope = (up: Scope | null, node: SchemaNode, value: ConfigValue | undefined): Scope => ({
	node,
	up,
	value: (value ?? {}) as ConfigTree,
});

/** The value that counts: what was set, else the default. */
export function effective(node: SchemaNode, value: ConfigValue | undefined): ConfigValue | undefined {
	return value ?? node.default ?? undefined;
}

export function applies(node: SchemaNode, scope: Scope): boolean {
	if (!node.when)
		return true;
	try {
		return new Condition(node.when, scope).evaluate();
	} catch {
		return true; // a condition beyond this reader: the server decides
	}
}

class Condition {
	private readonly tokens: string[];
	private at = 0;

	constructor(text: string, private readonly scope: Scope) {
		this.tokens = text.match(/'[^']*'|"[^"]*"|!=|=|\(|\)|[^\s()=!]+/g) ?? [];
	}

	evaluate(): boolean {
		const result = this.either();
		if (this.at !== this.tokens.length)
			throw new Error('unread text');
		return result;
	}

	private either(): boolean {
		let result = this.both();
		while (this.take('or'))
			result = this.both() || result;
		return result;
	}

	private both(): boolean {
		let result = this.single();
		while (this.take('and'))
			result = this.single() && result;
		return result;
	}

	private single(): boolean {
		if (this.take('not'))
			return !this.group();
		if (this.tokens[this.at] === '(')
			return this.group();
		const left = this.operand();
		if (this.take('='))
			return left === this.operand();
		if (this.take('!='))
			return left !== this.operand();
		return left !== undefined;
	}

	private group(): boolean {
		if (!this.take('('))
			throw new Error('( expected');
		const result = this.either();
		if (!this.take(')'))
			throw new Error(') expected');
		return result;
	}

	private operand(): string | undefined {
		const token = this.tokens[this.at++];
		if (token === undefined || token === '(' || token === ')')
			throw new Error('operand expected');
		return /^['"]/.test(token) ? token.slice(1, -1) : this.look(token);
	}

	private look(path: string): string | undefined {
		if (!path.startsWith('../'))
			throw new Error('only neighbours are read');
		const steps = path.slice(3).split('/');
		let scope: Scope | null = this.scope;
		while (steps[0] === '..') {
			steps.shift();
			scope = scope?.up ?? null;
		}
		for (;;) {
			const name = (steps.shift() ?? '').replace(/^.*:/, '');
			const node: SchemaNode | undefined = scope?.node.nodes?.find((child) => child.name === name);
			if (!scope || !node)
				throw new Error(`no ${name}`);
			if (steps.length === 0) {
				const value = effective(node, scope.value[name]);
				return value === undefined || value === null ? undefined : String(value);
			}
			scope = childScope(scope, node, scope.value[name]);
		}
	}

	private take(token: string): boolean {
		if (this.tokens[this.at] !== token)
			return false;
		this.at++;
		return true;
	}
}
