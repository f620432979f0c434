// What only an account sees that may change things.
import type { ReactNode } from 'react';
import { useMayWrite } from '../app/access';

export function ForChanges({ children }: { children: ReactNode }) {
	return useMayWrite() ? children : null;
}
