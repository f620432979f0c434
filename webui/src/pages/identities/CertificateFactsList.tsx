// What a certificate says.
import type { CertificateFacts } from '../../api/certificates';
import { ExpiryText } from '../../parts/ExpiryLabel';
import { Facts } from '../../parts/Facts';
import { timeText } from '../../parts/format';
import { nameText } from './words';

const purposes: Record<string, string> = { serverAuth: 'Server', clientAuth: 'Client' };

export function CertificateFactsList({ certificate }: { certificate: CertificateFacts }) {
	return (
		<Facts facts={[
			['Common name', certificate['common-name']],
			['Names', certificate.names.map(nameText).join(', ')],
			['Issued by', certificate['self-signed'] ? 'Itself (self-signed)' : certificate.issuer],
			['Valid from', timeText(certificate['not-before-at'])],
			['Valid until', <ExpiryText key="until" at={certificate['not-after-at']} />],
			['Key', `${certificate['key-type']}, signed with ${certificate.signature}`],
			['Purposes', certificate.purposes.length === 0 ? 'Not limited' : certificate.purposes.map((name) => purposes[name] ?? name).join(', ')],
			['Serial', <span key="serial" className="tp-mono">{certificate.serial}</span>],
			['SHA-256', <span key="sha256" className="tp-mono">{certificate.sha256}</span>],
		]} />
	);
}
