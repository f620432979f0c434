// What the settings of a service come to, asked of the appliance a moment after each edit.
import { useEffect, useState } from 'react';
import { previewPolicy, type Policy } from '../../api/ciphers';
import type { ConfigTree } from '../../api/config';

const restMs = 250;

interface Preview {
	policy: Policy | null;
	error: Error | null;
	/** An edit is not answered yet. */
	pending: boolean;
}

export function usePreview(service: string, settings: ConfigTree): Preview {
	const key = JSON.stringify(settings);
	const [state, setState] = useState<{ key: string | null; policy: Policy | null; error: Error | null }>({ key: null, policy: null, error: null });
	useEffect(() => {
		const control = new AbortController();
		const ask = async () => {
			try {
				const policy = await previewPolicy(service, JSON.parse(key) as ConfigTree, control.signal);
				setState({ key, policy, error: null });
			} catch (error) {
				if (!control.signal.aborted)
					setState((old) => ({ ...old, key, error: error instanceof Error ? error : new Error(String(error)) }));
			}
		};
		const timer = window.setTimeout(ask, restMs);
		return () => {
			window.clearTimeout(timer);
			control.abort();
		};
	}, [service, key]);
	return { policy: state.policy, error: state.error, pending: state.key !== key };
}
