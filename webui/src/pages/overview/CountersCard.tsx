// What signalling and media count, in words.
import { Card, CardBody, CardHeader, CardTitle, Grid, GridItem, Title } from '@patternfly/react-core';
import type { Counters } from '../../api/types';
import { Facts } from '../../parts/Facts';
import { capital, countText } from '../../parts/format';

export function CountersCard({ sip, media }: { sip: Counters | null; media: Counters | null }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">Load</CardTitle></CardHeader>
			<CardBody>
				<Grid hasGutter>
					<GridItem md={6}><Group title="Signalling" counters={sip} /></GridItem>
					<GridItem md={6}><Group title="Media" counters={media} /></GridItem>
				</Grid>
			</CardBody>
		</Card>
	);
}

function Group({ title, counters }: { title: string; counters: Counters | null }) {
	return (
		<>
			<Title headingLevel="h3" size="md" className="tp-gap-below-small">{title}</Title>
			{counters
				? <Facts horizontalTermWidthModifier={{ default: '20ch' }} facts={Object.entries(counters).map(([name, value]) => [capital(name), <span key={name} className="tp-number">{countText(value)}</span>])} />
				: <p className="tp-quiet">No answer from this process.</p>}
		</>
	);
}
