// The SIP settings, with what asking for certificates means for those who have none.
import type { ConfigTree } from '../api/config';
import { readCandidate } from '../api/config';
import { useLive } from '../app/Live';
import { Link } from '../app/router';
import { useRead } from '../app/usePoll';
import { Notice } from '../parts/Notice';
import { SettingsPage } from './settings/SettingsPage';

const isOn = (value: unknown, otherwise: boolean) => (value === undefined ? otherwise : String(value) === 'true');

export function SipSettings() {
	const { config } = useLive();
	/* Read again when the number of changes in the candidate is another. */
	const round = config.data?.changes ?? 0;
	const sip = useRead(`sip notes ${round}`, () => readCandidate('/turnpike-sip:sip'));
	const zones = useRead(`zone notes ${round}`, () => readCandidate('/turnpike-zone:zones'));
	return (
		<SettingsPage path="/turnpike-sip:sip">
			{sip.data && zones.data && <MutualNotes sip={sip.data.value} zones={zones.data.value} />}
		</SettingsPage>
	);
}

function MutualNotes({ sip, zones }: { sip: ConfigTree; zones: ConfigTree }) {
	const mutual = (sip['mutual-tls'] ?? {}) as ConfigTree;
	const tls = (sip.tls ?? {}) as ConfigTree;
	const list = (zones.zone ?? []) as ConfigTree[];
	if (!isOn(mutual.enabled, false))
		return null;
	const named = list.filter((zone) => zone.type === 'neighbor' && isOn(zone.enabled, true) && zone['verify-name']);
	return (
		<>
			{!isOn(tls.enabled, true) && (
				<Notice variant="warning" title="Remote access over TLS is off">
					The only TLS port left, {String(mutual.port ?? 5062)}, wants a certificate. Phones have none: they, and companies that show none, can no longer connect over TLS. Leave the TLS port below on for them.
				</Notice>
			)}
			{named.length === 0 && (
				<Notice variant="warning" title="Nobody can use the port that wants certificates">
					A connection there must carry the certificate name of an enabled neighbor zone, and no zone has one. <Link to="/zones">Set it on the zone</Link>.
				</Notice>
			)}
		</>
	);
}
