// After a refused save the first faulty field gets the focus.
import { useEffect } from 'react';
import type { Faults } from '../model/check';

export function useFirstFault(faults: Faults): void {
	useEffect(() => {
		if (faults.size > 0)
			document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
	}, [faults]);
}
