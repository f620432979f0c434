// What the wizard gathers, what is wrong with it, and the request it becomes.
import type { LocalAddress, Role, SetupComplete } from '../api/types';

export type StepName = 'unlock' | 'password' | 'role' | 'addresses' | 'identity' | 'peer' | 'review';

export interface Draft {
	user: string;
	password: string;
	again: string;
	role: Role | null;
	hostName: string;
	networks: LocalAddress[];
	withPeer: boolean;
	peerCa: string;
	compared: boolean;
	peerName: string;
	peerAddress: string;
	peerPort: string;
	verifyName: string;
	linkUser: string;
	linkPassword: string;
}

export const emptyDraft: Draft = {
	user: 'admin', password: '', again: '', role: null, hostName: '', networks: [], withPeer: true, peerCa: '', compared: false,
	peerName: '', peerAddress: '', peerPort: '7001', verifyName: '', linkUser: '', linkPassword: '',
};

export type DraftFaults = Partial<Record<keyof Draft, string>>;

const hostName = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export const otherRole = (role: Role | null): Role => (role === 'edge' ? 'core' : 'edge');

export function faultsOf(step: StepName, draft: Draft): DraftFaults {
	const faults: DraftFaults = {};
	if (step === 'role') {
		if (!draft.role)
			faults.role = 'Choose which half this appliance is.';
		if (!hostName.test(draft.hostName))
			faults.hostName = draft.hostName === '' ? 'A host name is needed.' : 'Use letters, digits and “-”, with “.” between the parts.';
	}
	if (step === 'addresses') {
		if (draft.networks.length === 0)
			faults.networks = 'Choose at least one address.';
		else if (draft.networks.some((network) => !/^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/.test(network.name)))
			faults.networks = 'A network name starts with a letter or digit and holds letters, digits, spaces, “.”, “_” and “-” only.';
		else if (new Set(draft.networks.map((network) => network.name)).size < draft.networks.length)
			faults.networks = 'Two networks cannot have the same name.';
	}
	if (step === 'identity' && draft.withPeer) {
		if (!draft.peerCa.includes('-----BEGIN CERTIFICATE-----'))
			faults.peerCa = 'Paste the CA certificate of the other half, or connect later.';
		else if (!draft.compared)
			faults.compared = 'Compare the fingerprint first.';
	}
	if (step === 'peer' && draft.withPeer) {
		if (draft.role === 'core' && draft.peerAddress === '')
			faults.peerAddress = 'The address of the edge is needed.';
		const port = Number(draft.peerPort);
		if (!Number.isInteger(port) || port < 1 || port > 65535)
			faults.peerPort = 'A port is a number from 1 to 65535.';
		if (draft.verifyName === '')
			faults.verifyName = 'The name in the other half’s certificate is needed.';
		if (draft.linkUser === '')
			faults.linkUser = 'A user name is needed.';
		if (draft.linkPassword === '')
			faults.linkPassword = 'A password is needed.';
	}
	return faults;
}

export function requestOf(draft: Draft): SetupComplete {
	const role = draft.role ?? 'edge';
	return {
		role,
		'host-name': draft.hostName,
		networks: draft.networks,
		peer: draft.withPeer
			? {
				name: draft.peerName || otherRole(role),
				...(role === 'core' ? { address: draft.peerAddress } : {}),
				port: Number(draft.peerPort),
				'verify-name': draft.verifyName,
				user: draft.linkUser,
				password: draft.linkPassword,
				'peer-ca': draft.peerCa,
			}
			: null,
	};
}

/** Fields of the request, and of the model, and the step that asks for them. */
const owners: [RegExp, StepName, keyof Draft][] = [
	[/peer-ca|trusted-ca/, 'identity', 'peerCa'],
	[/verify-name/, 'peer', 'verifyName'],
	[/listen-port|peer\/port|\/port$/, 'peer', 'peerPort'],
	[/peer(\[.*\])?\/address|^\/peer\/address/, 'peer', 'peerAddress'],
	[/zone.*password|peer\/password/, 'peer', 'linkPassword'],
	[/zone.*user|peer\/user/, 'peer', 'linkUser'],
	[/zones|\/peer/, 'peer', 'peerName'],
	[/network/, 'addresses', 'networks'],
	[/host-name/, 'role', 'hostName'],
	[/role/, 'role', 'role'],
];

export function ownerOf(path: string): { step: StepName; field: keyof Draft } | null {
	const found = owners.find(([pattern]) => pattern.test(path));
	return found ? { step: found[1], field: found[2] } : null;
}
