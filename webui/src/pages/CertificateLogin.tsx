// Login by certificate: the way there with its live state, and the settings.
import { readCardGuide, type CardGuide } from '../api/card';
import { useLive } from '../app/Live';
import { usePoll } from '../app/usePoll';
import { dateText } from '../parts/format';
import { FailureNote, LoadingRows } from '../parts/notes';
import { Notice } from '../parts/Notice';
import { GuideSteps } from './card/GuideSteps';
import { SettingsPage } from './settings/SettingsPage';

function EmergencyNotice({ guide: { emergency } }: { guide: CardGuide }) {
	if (!emergency)
		return <Notice variant="info" title="The emergency account needs a certificate of its own">With certificate-based authentication it comes in by a certificate as everybody does: one whose name, by pattern and format below, is that of the account.</Notice>;
	const at = emergency['by-certificate-at'];
	return at
		? <Notice variant="info" title={`The emergency account ${emergency.account} has logged in with a certificate`}>Last on {dateText(at)}. Have its owner try it again when pattern, format or trusted CAs change.</Notice>
		: <Notice variant="warning" title={`The emergency account ${emergency.account} has never logged in with a certificate`}>With certificate-based authentication its owner needs one whose name, by pattern and format below, is {emergency.account}. Without it nobody comes in when the remote source is away.</Notice>;
}

export function CertificateLogin() {
	const { config } = useLive();
	const guide = usePoll('certificate login', readCardGuide, 5000);
	return (
		<SettingsPage path="/turnpike-access:access/certificate-login">
			{guide.loading && <LoadingRows label="Reading how things are" rows={6} />}
			{guide.error && <FailureNote title="How things are could not be read" error={guide.error} retry={guide.refresh} />}
			{guide.data && <GuideSteps guide={guide.data} config={config.data} />}
			<Notice variant="warning" title="A certificate is only as good as the PIN before it">
				Where the certificate lies in a store that asks for no PIN, whoever sits at that computer comes in. Use smart cards, or protect the store.
			</Notice>
			{guide.data && <EmergencyNotice guide={guide.data} />}
		</SettingsPage>
	);
}
