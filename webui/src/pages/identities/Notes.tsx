// What is to be said about an identity in a list.
import { Label } from '@patternfly/react-core';
import type { OwnIdentity } from '../../api/certificates';
import { plural } from '../../parts/format';

export const hasTrouble = (identity: OwnIdentity) => identity.configured && identity.findings.some((finding) => finding.severity !== 'note');

export function Notes({ identity }: { identity: OwnIdentity }) {
	return (
		<>
			{identity.request && <Label isCompact variant="outline" color="blue">Request pending</Label>}{' '}
			{identity.staged && <Label isCompact variant="outline" color="purple">Upload to be activated</Label>}{' '}
			{hasTrouble(identity) && <Label isCompact variant="outline" status="warning">{plural(identity.findings.filter((finding) => finding.severity !== 'note').length, 'finding')}</Label>}
		</>
	);
}
