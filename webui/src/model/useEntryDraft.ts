// A list entry while it is edited: its values, what is wrong, and the save.
import { useState } from 'react';
import { createEntry, putEntry, type ConfigTree } from '../api/config';
import { useLive } from '../app/Live';
import { checkTree, cleanTree, entryPath, type Faults } from './check';
import { candidateVerdict, failureVerdict, fieldPaths } from './save';
import type { SchemaNode } from './schema';
import type { Scope } from './when';

interface EntryDraft {
	scope: Scope;
	path: string;
	faults: Faults;
	general: string[];
	busy: boolean;
	dirty: boolean;
	/** The candidate holds it: its key is fixed. */
	exists: boolean;
	/** The last save was written, although something is wrong with it. */
	flawed: boolean;
	change: (value: ConfigTree) => void;
	/** True when the candidate holds the entry and the server finds nothing wrong in it. */
	save: () => Promise<boolean>;
}

export function useEntryDraft(list: SchemaNode, initial: ConfigTree, etag: string | null, isNew: boolean): EntryDraft {
	const { config } = useLive();
	const [value, setValue] = useState(initial);
	const [exists, setExists] = useState(!isNew);
	const [version, setVersion] = useState(etag);
	const [faults, setFaults] = useState<Faults>(new Map());
	const [general, setGeneral] = useState<string[]>([]);
	const [busy, setBusy] = useState(false);
	const [dirty, setDirty] = useState(false);
	const [flawed, setFlawed] = useState(false);
	const scope: Scope = { node: list, value, up: null };
	const path = entryPath(list.path, list, value);

	const save = async () => {
		const found = checkTree(scope, path);
		setFaults(found);
		setGeneral([]);
		setFlawed(false);
		if (found.size > 0)
			return false;
		setBusy(true);
		const fields = new Set(fieldPaths(list, path));
		const clean = cleanTree(scope);
		try {
			if (exists)
				await putEntry(list.path, String(clean[list.keys?.[0] ?? 'name']), clean, version);
			else
				await createEntry(list.path, clean);
			setExists(true);
			setVersion(null);
			setDirty(false);
			config.refresh();
			const verdict = await candidateVerdict(path, fields);
			setFaults(verdict.faults);
			setGeneral(verdict.general);
			const isFine = verdict.faults.size + verdict.general.length === 0;
			setFlawed(!isFine);
			return isFine;
		} catch (error) {
			const verdict = failureVerdict(error, path, fields);
			setFaults(verdict.faults);
			setGeneral(verdict.general);
			return false;
		} finally {
			setBusy(false);
		}
	};
	const change = (next: ConfigTree) => {
		setValue(next);
		setDirty(true);
	};
	return { scope, path, faults, general, busy, dirty, exists, flawed, change, save };
}
