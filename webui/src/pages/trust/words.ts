// How the uses of an authority are written.
import type { TrustUse } from '../../api/certificates';

export function usesText(use: string[], uses: TrustUse[]): string {
	if (use.length === 0)
		return 'Everything';
	return use.map((name) => uses.find((one) => one.name === name)?.label ?? name).join(', ');
}
