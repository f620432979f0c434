// The last value that was there: keeps a table standing while it is read anew.
import { useEffect, useState } from 'react';

export function usePrevious<T>(value: T | null): T | null {
	const [previous, setPrevious] = useState<T | null>(null);
	useEffect(() => {
		if (value !== null)
			setPrevious(value);
	}, [value]);
	return previous;
}
