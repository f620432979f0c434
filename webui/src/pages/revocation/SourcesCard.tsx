// The distribution points: what came of each, which lists are in use, "Update now".
import { Button, Card, CardBody, CardHeader, CardTitle, Label, type LabelProps } from '@patternfly/react-core';
import { useState } from 'react';
import { messageOf } from '../../api/http';
import { updateCrls, type CrlSource, type Crls } from '../../api/revocation';
import { ForChanges } from '../../parts/ForChanges';
import { octetsText, timeText } from '../../parts/format';
import { Notice } from '../../parts/Notice';
import { ListTable } from './ListTable';

const looks: Record<CrlSource['state'], { status?: LabelProps['status']; color?: LabelProps['color']; word: string }> = {
	ok: { status: 'success', word: 'Updated' },
	failed: { status: 'danger', word: 'Failed' },
	waiting: { color: 'grey', word: 'Waiting' },
};

export function SourcesCard({ crls, onChanged }: { crls: Crls; onChanged: () => void }) {
	const [failure, setFailure] = useState<string | null>(null);
	const update = async () => {
		setFailure(null);
		try {
			await updateCrls();
		} catch (error) {
			setFailure(messageOf(error));
		}
		onChanged();
	};
	return (
		<Card>
			<CardHeader actions={{ actions: <ForChanges><Button variant="secondary" size="sm" isLoading={crls.updating} isDisabled={!crls.automatic || crls.updating} onClick={() => void update()}>Update now</Button></ForChanges>, hasNoOffset: true }}>
				<CardTitle component="h2">Downloaded revocation lists</CardTitle>
				<p className="tp-quiet">{crls.automatic ? `Downloaded each day, next at ${timeText(crls['next-at'])}. They count instead of uploaded ones, except for SIP TLS, where both count.` : 'Automatic updates are off: switch them on below.'}</p>
			</CardHeader>
			<CardBody aria-live="polite">
				{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
				{crls.automatic && crls.sources.length === 0 && <p className="tp-quiet">No distribution point is set.</p>}
				{crls.sources.map((source) => <Source key={source.url} source={source} />)}
			</CardBody>
		</Card>
	);
}

function Source({ source }: { source: CrlSource }) {
	const look = looks[source.state];
	return (
		<div className="tp-gap-below">
			<div><span className="tp-strong tp-break">{source.url}</span> <Label isCompact variant="outline" status={look.status} color={look.color}>{look.word}</Label></div>
			<div>{source.result} {source.at && <span className="tp-quiet">({timeText(source.at)}{source.bytes > 0 && `, ${octetsText(source.bytes)} in use`})</span>}</div>
			{source.lists.length > 0 && <ListTable lists={source.lists} label={`Revocation lists of ${source.url}`} />}
		</div>
	);
}
