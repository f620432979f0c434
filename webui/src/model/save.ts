// What happens when a form is saved: the write to the candidate, and what the server
// then says about the whole candidate, sorted to the fields.
import { connection, ApiError, messageOf } from '../api/http';
import { validate, type ConfigTree, type ConfigValue } from '../api/config';
import type { ConfigFault } from '../api/types';
import { wireValue } from './check';
import { secretKept } from './FieldControl';
import { plainPath, type SchemaNode } from './schema';
import { effective, type Scope, childScope } from './when';

export interface Verdict {
	faults: Map<string, string>;
	/** Faults of the form that belong to no field of it. */
	general: string[];
	/** Faults that other pages have to mend. */
	elsewhere: number;
}

export const noVerdict: Verdict = { faults: new Map(), general: [], elsewhere: 0 };

/** `fields` are the instance paths the form shows, `root` the subtree it edits. */
export function sortFaults(list: ConfigFault[], root: string, fields: Set<string>): Verdict {
	const verdict: Verdict = { faults: new Map(), general: [], elsewhere: 0 };
	const plainRoot = plainPath(root);
	const plain = new Map([...fields].map((path) => [plainPath(path), path]));
	for (const fault of list) {
		const path = plainPath(fault.path).replace(/\[\.='.*'\]$/, '');
		const field = plain.get(path);
		if (field !== undefined)
			verdict.faults.set(field, fault.message);
		else if (path === '' || path === plainRoot || path.startsWith(`${plainRoot}/`) || path.startsWith(`${plainRoot}[`))
			verdict.general.push(fault.message);
		else
			verdict.elsewhere++;
	}
	return verdict;
}

export function failureVerdict(error: unknown, root: string, fields: Set<string>): Verdict {
	if (error instanceof ApiError && error.status === 412)
		return { ...noVerdict, general: ['Somebody else changed this since you opened it. Reload the page to see the change, then edit again.'] };
	if (error instanceof ApiError && error.faults.length > 0) {
		const verdict = sortFaults(error.faults, root, fields);
		if (verdict.faults.size + verdict.general.length === 0)
			verdict.general.push(error.message);
		return verdict;
	}
	return { ...noVerdict, general: [messageOf(error)] };
}

export async function candidateVerdict(root: string, fields: Set<string>): Promise<Verdict> {
	const answer = await validate();
	return answer.valid ? noVerdict : sortFaults(answer.errors ?? [], root, fields);
}

/** As the appliance tells it from now on: secrets that were entered are kept, and not shown. */
export function keepSecrets(node: SchemaNode, value: ConfigTree): ConfigTree {
	const next = { ...value };
	for (const child of node.nodes ?? []) {
		const now = next[child.name];
		if (child.kind === 'container' && now !== undefined)
			next[child.name] = keepSecrets(child, now as ConfigTree);
		else if (child.type === 'secret' && now !== undefined && now !== '')
			next[child.name] = secretKept;
	}
	return next;
}

/** Every leaf, leaf-list and list below, as instance paths without list entries. */
export function fieldPaths(node: SchemaNode, path: string): string[] {
	return (node.nodes ?? []).flatMap((child) => {
		const at = `${path}/${child.name}`;
		return child.kind === 'container' ? fieldPaths(child, at) : [at];
	});
}

interface LeafChange {
	path: string;
	node: SchemaNode;
	value: ConfigValue | undefined;
}

const same = (a: ConfigValue | undefined, b: ConfigValue | undefined) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The leaves outside of lists whose value that counts differs. */
export function leafChanges(before: Scope, after: Scope, path: string): LeafChange[] {
	return (after.node.nodes ?? []).flatMap((node): LeafChange[] => {
		const at = `${path}/${node.name}`;
		if (node.kind === 'list')
			return [];
		if (node.kind === 'container')
			return leafChanges(childScope(before, node, before.value[node.name]), childScope(after, node, after.value[node.name]), at);
		const old = comparable(node, before.value[node.name]);
		const now = comparable(node, after.value[node.name]);
		return same(old, now) ? [] : [{ path: at, node, value: after.value[node.name] }];
	});
}

function comparable(node: SchemaNode, value: ConfigValue | undefined): ConfigValue | undefined {
	if (Array.isArray(value)) {
		const items = value.filter((item) => item !== '');
		return items.length > 0 ? items : undefined;
	}
	const counts = effective(node, value === '' ? undefined : value);
	return counts === undefined || counts === null ? undefined : String(counts);
}

/** Writes leaf by leaf, so that a refusal names its field and the others are kept. */
export async function writeLeaves(changes: LeafChange[]): Promise<void> {
	const faults: ConfigFault[] = [];
	for (const { path, node, value } of changes) {
		try {
			await writeLeaf(path, node, value);
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 400)
				throw error;
			faults.push({ path, message: error.message });
		}
	}
	if (faults.length > 0)
		throw new ApiError(400, 'invalid-value', 'Some values were refused.', faults, null);
}

async function writeLeaf(path: string, node: SchemaNode, value: ConfigValue | undefined): Promise<void> {
	const address = `/restconf/ds/candidate${path}`;
	const module = path.slice(1, path.indexOf(':'));
	if (node.kind === 'leaf-list') {
		const items = Array.isArray(value) ? value.filter((item) => item !== '') : [];
		await writeLeafList(address, module, node, items);
	} else if (value === undefined || value === null || value === '') {
		await connection.request('DELETE', address);
	} else {
		await connection.request('PUT', address, { [`${module}:${node.name}`]: wireValue(node, value) });
	}
}

/** RFC 8040 has no PUT for a whole leaf-list, so its container is replaced. */
async function writeLeafList(address: string, module: string, node: SchemaNode, items: ConfigValue[]): Promise<void> {
	const parent = address.slice(0, address.lastIndexOf('/'));
	const name = parent.slice(parent.lastIndexOf('/') + 1);
	const qualified = name.includes(':') ? name : `${module}:${name}`;
	const reply = await connection.request('GET', `${parent}?with-defaults=explicit`).catch((error: unknown) => {
		if (error instanceof ApiError && error.status === 404)
			return { data: null, etag: null };
		throw error;
	});
	const tree = (Object.values((reply.data ?? {}) as Record<string, ConfigTree>)[0] ?? {}) as ConfigTree;
	const next = { ...tree, [node.name]: items.length > 0 ? items : undefined };
	await connection.request('PUT', parent, { [qualified]: next }, { ifMatch: reply.etag });
}
