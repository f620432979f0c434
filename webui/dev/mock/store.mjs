// The mock's configuration: running and candidate trees, revisions, diff, checks.
import { nodes } from './model.mjs';

const schemaByPath = new Map();

(function index(list) {
	for (const node of list) {
		schemaByPath.set(node.path, node);
		index(node.nodes ?? []);
	}
})(nodes);

const copy = (value) => structuredClone(value);

export function createStore(initial, clock) {
	const revisions = [];
	const store = {
		running: copy(initial),
		candidate: copy(initial),
		revisions,
		trial: null,
		etag: 1,

		read(tree, segments) {
			const at = walk(tree, segments);
			return at === undefined ? undefined : hideSecrets(copy(at), segments);
		},

		put(segments, value) {
			const parent = reach(store.candidate, segments.slice(0, -1));
			const last = segments.at(-1);
			keepSecrets(value, walk(store.candidate, segments));
			if (last.key === undefined) {
				parent[last.name] = value;
				store.etag++;
				return;
			}
			const entries = (parent[last.name] ??= []);
			const at = entries.findIndex((entry) => String(entry[last.keyName]) === last.key);
			if (at < 0)
				entries.push(value);
			else
				entries[at] = value;
			store.etag++;
		},

		remove(segments) {
			const parent = walk(store.candidate, segments.slice(0, -1));
			const last = segments.at(-1);
			store.etag++;
			if (last.key === undefined) {
				delete parent[last.name];
				return true;
			}
			const entries = parent?.[last.name] ?? [];
			const at = entries.findIndex((entry) => String(entry[last.keyName]) === last.key);
			if (at >= 0)
				entries.splice(at, 1);
			return at >= 0;
		},

		record(author, comment, state, changes) {
			for (const revision of revisions)
				revision.running = false;
			revisions.push({
				revision: String(revisions.length + 1), at: clock(), author, comment, state, running: true, changes,
				tree: copy(store.running),
			});
			return revisions.at(-1);
		},

		tree: (number) => revisions.find((revision) => revision.revision === number)?.tree,
		diff: (from, to) => diff(from ?? store.running, to ?? store.candidate),
		check: () => check(store.candidate),
	};
	return store;
}

/** "/turnpike-zone:zones/zone=core/peer" into steps with their key names. */
export function segmentsOf(path) {
	let schemaPath = '';
	return path.split('/').filter(Boolean).map((text) => {
		const [name, key] = text.split('=');
		schemaPath += `/${decodeURIComponent(name)}`;
		const schema = schemaByPath.get(schemaPath);
		if (!schema)
			throw Object.assign(new Error(`no node ${schemaPath}`), { status: 404, tag: 'unknown-element' });
		const step = { name: decodeURIComponent(name), schema };
		if (key !== undefined)
			Object.assign(step, { key: decodeURIComponent(key), keyName: schema.keys[0] });
		return step;
	});
}

function walk(tree, segments) {
	let at = tree;
	for (const step of segments) {
		at = at?.[step.name];
		if (step.key !== undefined)
			at = at?.find((entry) => String(entry[step.keyName]) === step.key);
	}
	return at;
}

function reach(tree, segments) {
	let at = tree;
	for (const step of segments) {
		at = at[step.name] ??= {};
		if (step.key !== undefined)
			at = at.find((entry) => String(entry[step.keyName]) === step.key);
	}
	return at;
}

function hideSecrets(value, segments) {
	const schema = segments.at(-1)?.schema;
	visit(value, schema, (owner, name) => { owner[name] = '********'; });
	return value;
}

function keepSecrets(value, old) {
	if (typeof value !== 'object' || value === null)
		return;
	for (const [name, child] of Object.entries(value)) {
		if (child === '********')
			value[name] = old?.[name];
		else if (Array.isArray(child))
			child.forEach((entry) => keepSecrets(entry, old?.[name]?.find?.((was) => was.name === entry.name)));
		else
			keepSecrets(child, old?.[name]);
	}
}

function visit(value, schema, onSecret) {
	if (Array.isArray(value)) {
		value.forEach((entry) => visit(entry, schema, onSecret));
		return;
	}
	for (const node of schema?.nodes ?? []) {
		if (value?.[node.name] === undefined)
			continue;
		if (node.type === 'secret')
			onSecret(value, node.name);
		else if (node.nodes)
			visit(value[node.name], node, onSecret);
	}
}

function flatten(tree) {
	const found = new Map();
	const step = (node, value, path, label) => {
		if (value === undefined)
			return;
		if (node.kind === 'container')
			for (const child of node.nodes)
				step(child, value[child.name], `${path}/${child.name}`, `${label} › ${child.label}`);
		else if (node.kind === 'list')
			for (const entry of value) {
				const key = entry[node.keys[0]];
				for (const child of node.nodes)
					step(child, entry[child.name], `${path}[${node.keys[0]}='${key}']/${child.name}`, `${label} › ${key} › ${child.label}`);
			}
		else
			found.set(path, { label, node, value: Array.isArray(value) ? value.join(', ') : String(value) });
	};
	for (const node of nodes)
		step(node, tree[node.path.slice(1)], node.path, node.label);
	return found;
}

function diff(before, after) {
	const old = flatten(before);
	const now = flatten(after);
	const changes = [];
	const shown = (leaf) => (leaf ? (leaf.node.type === 'secret' ? '********' : leaf.value) : null);
	for (const path of new Set([...old.keys(), ...now.keys()])) {
		const a = old.get(path);
		const b = now.get(path);
		if (a?.value === b?.value)
			continue;
		changes.push({
			path, label: (b ?? a).label, op: a && b ? 'change' : b ? 'add' : 'delete',
			before: shown(a), after: shown(b), lockout: Boolean((b ?? a).node.lockout),
		});
	}
	return changes;
}

function check(tree) {
	const errors = [];
	for (const [path, { node, value }] of flatten(tree)) {
		if (node.range && /^u?int/.test(node.type)) {
			const inside = node.range.split('|').some((span) => {
				const [low, high = low] = span.trim().split('..').map(Number);
				return Number(value) >= low && Number(value) <= high;
			});
			if (!inside)
				errors.push({ path, message: `${node.label} is outside of ${node.range}.` });
		}
		if (node.type === 'leafref' && !namesAt(tree, node.leafref).includes(value))
			errors.push({ path, message: `There is no “${value}” to refer to.` });
	}
	for (const zone of tree['turnpike-zone:zones']?.zone ?? []) {
		const path = `/turnpike-zone:zones/zone[name='${zone.name}']`;
		if (zone.type?.startsWith('traversal') && !zone['verify-name'])
			errors.push({ path: `${path}/verify-name`, message: 'A traversal zone needs the name that the peer certificate must carry.' });
		if (zone.type !== 'traversal-server' && !zone.peer?.length)
			errors.push({ path: `${path}/peer`, message: 'At least one peer is needed.' });
	}
	const sip = tree['turnpike-sip:sip'] ?? {};
	if ((sip.tls?.port ?? 5061) === (sip.tcp?.port ?? 5060))
		errors.push({ path: '/turnpike-sip:sip/tls/port', message: 'SIP over TCP has this TCP port already.' });
	return errors;
}

function namesAt(tree, leafref) {
	const [, root, ...rest] = leafref.split('/');
	let values = [tree[root]];
	for (const name of rest)
		values = values.flatMap((value) => value?.[name] ?? []);
	return values.map(String);
}
