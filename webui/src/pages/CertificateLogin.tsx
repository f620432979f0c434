// Login by certificate: the way there with its live state, and the settings.
import { readCardGuide } from '../api/card';
import { useLive } from '../app/Live';
import { usePoll } from '../app/usePoll';
import { FailureNote, LoadingRows } from '../parts/notes';
import { Notice } from '../parts/Notice';
import { GuideSteps } from './card/GuideSteps';
import { SettingsPage } from './settings/SettingsPage';

export function CertificateLogin() {
	const { config } = useLive();
	const guide = usePoll('certificate login', readCardGuide, 5000);
	return (
		<SettingsPage path="/turnpike-access:access/certificate-login">
			{guide.loading && <LoadingRows label="Reading how things are" rows={6} />}
			{guide.error && <FailureNote title="How things are could not be read" error={guide.error} retry={guide.refresh} />}
			{guide.data && <GuideSteps guide={guide.data} config={config.data} />}
			<Notice variant="warning" title="A certificate is only as good as the PIN before it">
				Where the certificate lies in a store that asks for no PIN, whoever sits at that computer comes in. Use smart cards, or protect the store. The emergency account needs a certificate of its own whose name fits the format below.
			</Notice>
		</SettingsPage>
	);
}
