// Reads as much of YANG as db/yang uses, so that the mock's forms come from the same
// files as the appliance's.
import { readFileSync } from 'node:fs';

const folder = new URL('../../../db/yang/', import.meta.url);

/** A statement is {word, text, has: [statements]}. */
function parse(source) {
	const tokens = source.replace(/\/\*[\s\S]*?\*\//g, ' ').match(/"(?:\\.|[^"\\])*"|'[^']*'|\/\/[^\n]*|[{};+]|[^\s{};"']+/g)
		.filter((token) => !token.startsWith('//'));
	let at = 0;
	const text = () => {
		const part = tokens[at++];
		let value = /^["']/.test(part) ? part.slice(1, -1) : part;
		if (part.startsWith('"'))
			value = value.replace(/\s*\n\s*/g, ' ').replace(/\\(["\\])/g, '$1');
		return value;
	};
	const statement = () => {
		const found = { word: tokens[at++], text: null, has: [] };
		if (!/^[{;]$/.test(tokens[at])) {
			found.text = text();
			while (tokens[at] === '+') {
				at++;
				found.text += text();
			}
		}
		if (tokens[at++] === '{') {
			while (tokens[at] !== '}')
				found.has.push(statement());
			at++;
		}
		return found;
	};
	return statement();
}

const one = (statement, word) => statement.has.find((inner) => inner.word === word);
const said = (statement, word) => one(statement, word)?.text ?? null;
const plain = (path) => path?.replace(/(?<=\/[\w-]+:[\w-]+(?:\/.*)?)\/[\w-]+:/g, '/') ?? null;

export function readModel(names) {
	const modules = names.map((name) => parse(readFileSync(new URL(`${name}.yang`, folder), 'utf8')));
	const typedefs = new Map();
	const groupings = new Map(modules.flatMap((module) => module.has.filter((inner) => inner.word === 'grouping').map((grouping) => [grouping.text, grouping])));
	for (const module of modules)
		for (const typedef of module.has.filter((inner) => inner.word === 'typedef'))
			typedefs.set(`${module.text}:${typedef.text}`, typedef);

	/** The type statements from the leaf down to the built-in type. */
	const typeChain = (type, module) => {
		const name = type.text.includes(':') ? type.text : `${module}:${type.text}`;
		const typedef = typedefs.get(name);
		return typedef ? [type, ...typeChain(one(typedef, 'type'), name.split(':')[0])] : [type];
	};
	const limitOf = (chain, word) => chain.map((type) => one(type, word)).find(Boolean);
	const firstOf = (chain, word) => limitOf(chain, word)?.text ?? null;
	const messageOf = (chain, word) => said(limitOf(chain, word) ?? { has: [] }, 'error-message');

	function leafFacts(statement, module) {
		const chain = typeChain(one(statement, 'type'), module);
		const base = chain.at(-1);
		const choices = chain.flatMap((type) => type.has.filter((inner) => inner.word === 'enum'));
		const secret = one(statement, 'turnpike-ui:secret');
		return {
			type: secret ? 'secret' : /ip-address/.test(base.text) ? 'ip-address' : base.text,
			range: firstOf(chain, 'range'),
			'range-message': messageOf(chain, 'range'),
			length: secret ? null : firstOf(chain, 'length'),
			pattern: secret ? null : firstOf(chain, 'pattern'),
			'pattern-message': secret ? null : messageOf(chain, 'pattern'),
			enum: choices.length ? choices.map((choice) => ({ name: choice.text, label: said(choice, 'turnpike-ui:label') ?? choice.text, help: said(choice, 'description') })) : null,
			default: said(statement, 'default') ?? chain.slice(0, -1).map((type) => said(typedefs.get(type.text.includes(':') ? type.text : `${module}:${type.text}`), 'default')).find(Boolean) ?? null,
			units: said(statement, 'units'),
			leafref: plain(firstOf(chain, 'path')),
		};
	}

	function node(statement, path, module, page, lockout) {
		const own = { page: said(statement, 'turnpike-ui:page') ?? page, lockout: lockout || Boolean(one(statement, 'turnpike-ui:lockout')) };
		const isLeaf = statement.word.startsWith('leaf');
		return {
			path, name: statement.text, kind: statement.word,
			label: said(statement, 'turnpike-ui:label') ?? statement.text,
			help: said(statement, 'description'),
			...(isLeaf ? leafFacts(statement, module) : {}),
			mandatory: said(statement, 'mandatory') === 'true',
			keys: said(statement, 'key')?.split(' ') ?? null,
			when: said(statement, 'when'),
			...own,
			nodes: isLeaf ? undefined : children(statement, path, module, own.page, own.lockout),
		};
	}

	/** What stands in a statement, groupings put in where they are used. */
	const used = (statement) => statement.has.flatMap((inner) => (inner.word === 'uses' ? used(groupings.get(inner.text)) : [inner]));

	function children(statement, path, module, page, lockout) {
		return used(statement).filter((inner) => /^(container|list|leaf|leaf-list)$/.test(inner.word))
			.map((inner) => node(inner, `${path}/${path ? '' : `${module}:`}${inner.text}`, module, page, lockout));
	}

	return modules.flatMap((module) => children(module, '', module.text, null, false));
}
