// Reads from the server, once or again and again while the page can be seen.
import { useCallback, useEffect, useRef, useState } from 'react';

export interface Reading<T> {
	data: T | null;
	/** The last attempt failed; data may still hold the reading before. */
	error: Error | null;
	loading: boolean;
	refresh: () => void;
}

type Read<T> = (signal: AbortSignal) => Promise<T>;

/** `key` says what is read: another key drops the old data. periodMs 0 reads once. */
export function usePoll<T>(key: string, read: Read<T>, periodMs: number): Reading<T> {
	const [state, setState] = useState<{ key: string; data: T | null; error: Error | null }>({ key, data: null, error: null });
	const [round, setRound] = useState(0);
	const latest = useRef(read);
	useEffect(() => {
		latest.current = read;
	});

	useEffect(() => {
		const control = new AbortController();
		let timer: number | undefined;
		const step = async () => {
			try {
				const data = await latest.current(control.signal);
				if (!control.signal.aborted)
					setState({ key, data, error: null });
			} catch (error) {
				if (control.signal.aborted)
					return;
				const failure = error instanceof Error ? error : new Error(String(error));
				setState((old) => ({ key, data: old.key === key ? old.data : null, error: failure }));
			}
			if (periodMs > 0 && !control.signal.aborted && !document.hidden)
				timer = window.setTimeout(step, periodMs);
		};
		const onVisible = () => {
			if (document.hidden || periodMs === 0)
				return;
			window.clearTimeout(timer);
			void step();
		};
		document.addEventListener('visibilitychange', onVisible);
		void step();
		return () => {
			control.abort();
			window.clearTimeout(timer);
			document.removeEventListener('visibilitychange', onVisible);
		};
	}, [key, periodMs, round]);

	const refresh = useCallback(() => setRound((n) => n + 1), []);
	const current = state.key === key;
	return {
		data: current ? state.data : null,
		error: current ? state.error : null,
		loading: !current || (state.data === null && state.error === null),
		refresh,
	};
}

export const useRead = <T>(key: string, read: Read<T>): Reading<T> => usePoll(key, read, 0);
