// How it is found out that a certificate does not count any more: lists in use, an
// upload, what would happen to a peer now, and the settings.
import { readCrls } from '../api/revocation';
import { usePoll } from '../app/usePoll';
import { ForChanges } from '../parts/ForChanges';
import { FailureNote, LoadingRows } from '../parts/notes';
import { SourcesCard } from './revocation/SourcesCard';
import { TestCard } from './revocation/TestCard';
import { UploadCard } from './revocation/UploadCard';
import { SettingsPage } from './settings/SettingsPage';

const everyMs = 3000;

export function Revocation() {
	const reading = usePoll('crls', readCrls, everyMs);
	return (
		<SettingsPage path="/turnpike-tls:tls/revocation">
			{!reading.data && reading.loading && <LoadingRows label="Reading the revocation lists" />}
			{reading.error && <FailureNote title="The revocation lists could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data && <SourcesCard crls={reading.data} onChanged={reading.refresh} />}
			{reading.data && <UploadCard manual={reading.data.manual} onChanged={reading.refresh} />}
			<ForChanges><TestCard /></ForChanges>
		</SettingsPage>
	);
}
