// A certificate by ACME: how the last order went, "Request now", and the settings.
import { readAcme } from '../api/acme';
import { usePoll } from '../app/usePoll';
import { FailureNote, LoadingRows } from '../parts/notes';
import { AcmeCard } from './AcmeCard';
import { SettingsPage } from './settings/SettingsPage';

const everyMs = 2000;

export function Acme() {
	const reading = usePoll('acme', readAcme, everyMs);
	return (
		<SettingsPage path="/turnpike-tls:tls/acme">
			{!reading.data && reading.loading && <LoadingRows label="Reading the state of ACME" />}
			{reading.error && <FailureNote title="The state of ACME could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data && <AcmeCard acme={reading.data} onChanged={reading.refresh} />}
		</SettingsPage>
	);
}
