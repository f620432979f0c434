// A call in words.
import { Label } from '@patternfly/react-core';
import type { Call } from '../../api/types';

export const pathText = (call: Call) => `${call['source-zone'] || 'unknown'} → ${call['target-zone'] || 'nowhere'}`;

export function ResultLabel({ call }: { call: Call }) {
	if (call['answered-at'])
		return <Label isCompact variant="outline" status="success">Answered</Label>;
	return <Label isCompact variant="outline" status="danger">{call.status ? `Failed, ${call.status}` : 'Failed'}</Label>;
}
