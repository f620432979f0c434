// The notice that everybody sees before the login.
import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useState } from 'react';
import { messageOf, put } from '../api/http';
import { fillPreset } from '../api/presets';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { Notice } from '../parts/Notice';
import { SettingsPage } from './settings/SettingsPage';

/** The banner that the US Department of Defense prescribes for its systems; a public text. */
const dod = `You are accessing a U.S. Government (USG) Information System (IS) that is provided for USG-authorized use only.

By using this IS (which includes any device attached to this IS), you consent to the following conditions:

- The USG routinely intercepts and monitors communications on this IS for purposes including, but not limited to, penetration testing, COMSEC monitoring, network operations and defense, personnel misconduct (PM), law enforcement (LE), and counterintelligence (CI) investigations.

- At any time, the USG may inspect and seize data stored on this IS.

- Communications using, or data stored on, this IS are not private, are subject to routine monitoring, interception, and search, and may be disclosed or used for any USG-authorized purpose.

- This IS includes security measures (e.g., authentication and access controls) to protect USG interests--not for your personal benefit or privacy.

- Notwithstanding the above, using this IS does not constitute consent to PM, LE or CI investigative searching or monitoring of the content of privileged communications, or work product, related to personal representation or services by attorneys, psychotherapists, or clergy, and their assistants. Such communications and work product are private and confidential. See User Agreement for details.`;

const path = '/turnpike-access:access/consent';

export function Consent() {
	const mayWrite = useMayWrite();
	const { config } = useLive();
	const [round, setRound] = useState(0);
	const [failure, setFailure] = useState<string | null>(null);
	const fill = async () => {
		setFailure(null);
		try {
			await put(`/restconf/ds/candidate${path}`, { 'turnpike-access:consent': { title: 'DoD notice and consent', text: dod } });
			await fillPreset('disa', [`${path}/enabled`, `${path}/must-acknowledge`]);
			setRound(round + 1);
		} catch (error) {
			setFailure(messageOf(error));
		}
		config.refresh();
	};
	return (
		<SettingsPage round={round} path={path} title="Notice before login">
			{mayWrite && (
				<Card>
					<CardHeader><CardTitle component="h2">Preset</CardTitle></CardHeader>
					<CardBody>
						<p className="tp-gap-below"><em>DISA</em> fills in the standard notice and consent banner of the US Department of Defense, to be accepted before each login. It takes effect with the next commit.</p>
						{failure && <Notice variant="danger" title={failure} className="tp-gap-below" />}
						<div className="tp-buttons"><Button variant="secondary" onClick={() => void fill()}>Fill in DISA</Button></div>
					</CardBody>
				</Card>
			)}
		</SettingsPage>
	);
}
