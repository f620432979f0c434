// What the readiness page shows: some ready, some not.

export const readiness = (clock) => ({
	'looked-at': clock(),
	checks: [
		{ id: 'host-name', group: 'Names', title: 'Host name', subject: '', state: 'ready', text: 'This appliance is called core.example.org.', remedy: '', page: '/system' },
		{ id: 'dns', group: 'Names', title: 'Host name in the DNS', subject: '', state: 'ready', text: 'core.example.org is 10.20.1.2, an address of this appliance.', remedy: '', page: '/system' },
		{ id: 'time', group: 'Time', title: 'Clock', subject: '', state: 'attention', text: 'The system’s clock is not synchronised.', remedy: 'Let the system follow NTP servers (chrony or systemd-timesyncd): certificates, logs and the pair need the right time.', page: '' },
		{ id: 'certificates', group: 'Certificates', title: 'Own certificates', subject: 'default', state: 'attention', text: 'The certificate is signed by the appliance’s own temporary CA.', remedy: 'Make a request and send it to your certificate authority: an answer can take days.', page: '/identities' },
		{ id: 'certificate-name', group: 'Certificates', title: 'Host name in the certificate', subject: '', state: 'ready', text: 'The shared certificate is valid for core.example.org.', remedy: '', page: '/identities' },
		{ id: 'trusted-cas', group: 'Certificates', title: 'Trusted CAs', subject: '', state: 'ready', text: '3 trusted.', remedy: '', page: '/trusted-cas' },
		{ id: 'ports', group: 'Network', title: 'Listening ports', subject: '', state: 'ready', text: 'All 4 TCP ports of the configuration accept connections here. Whether the firewalls let them through shows from outside only.', remedy: '', page: '/ports' },
		{ id: 'zones', group: 'Network', title: 'Zones', subject: 'edge', state: 'ready', text: 'The zone is up.', remedy: '', page: '/zones' },
		{ id: 'zones', group: 'Network', title: 'Zones', subject: 'branch-pbx', state: 'attention', text: 'No answer to OPTIONS from 10.20.4.15:5060 over TCP: connection refused.', remedy: 'Look at the zone, and test the way there.', page: '/zones' },
		{ id: 'alarms', group: 'Alarms', title: 'Open alarms', subject: '', state: 'unknown', text: 'The alarms cannot be read now.', remedy: '', page: '/alarms' },
	],
});
