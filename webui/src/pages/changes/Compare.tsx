// Two revisions side by side.
import { readDiff } from '../../api/config';
import { useRouter } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { plural } from '../../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../../parts/notes';
import { PageFrame } from '../../parts/PageFrame';
import { DiffTable } from './DiffTable';

export function Compare() {
	const { search } = useRouter();
	const from = search.get('from') ?? '';
	const to = search.get('to') ?? '';
	const reading = useRead(`diff ${from} ${to}`, () => readDiff(from, to));
	const changes = reading.data;
	return (
		<PageFrame title={`Revision ${from} to ${to}`} back={[{ to: '/changes/history', label: 'History' }]} purpose={changes && changes.length > 0 && plural(changes.length, 'difference')}>
			{reading.loading && <LoadingRows label="Comparing" />}
			{reading.error && <FailureNote title="The revisions could not be compared" error={reading.error} retry={reading.refresh} />}
			{changes?.length === 0 && <Nothing title="No difference">Both revisions hold the same settings.</Nothing>}
			{changes && changes.length > 0 && <DiffTable changes={changes} label="Differences" />}
		</PageFrame>
	);
}
