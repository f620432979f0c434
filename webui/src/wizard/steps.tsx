// The questions of the wizard, a component for each step.
import { Button, Checkbox, ClipboardCopy, Content, FormGroup, HelperText, HelperTextItem, InputGroup, InputGroupItem, Label, Radio, Stack, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useEffect, useState } from 'react';
import type { Identity, LocalAddress } from '../api/types';
import { Facts } from '../parts/Facts';
import { PasswordInput } from '../parts/PasswordInput';
import { PemInput } from '../parts/PemInput';
import { savePem } from '../parts/savePem';
import { otherRole, type Draft, type DraftFaults } from './draft';
import { makePassword, passwordRules } from './passwordRule';
import { fingerprintOf } from './pem';
import { TextQuestion, WizardField } from './WizardField';
import { Notice } from '../parts/Notice';

export interface StepProps {
	draft: Draft;
	faults: DraftFaults;
	change: (part: Partial<Draft>) => void;
}

const roleName = { edge: 'edge', core: 'core' };

export function UnlockStep({ secret, onChange, fault }: { secret: string; onChange: (value: string) => void; fault?: string }) {
	return (
		<>
			<Content component="p">The first-login secret proves that you have access to this machine. It was printed when the appliance first started, and stands in the file <code>first-login</code> of its state folder until an administrator has a password.</Content>
			<TextQuestion id="secret" label="First-login secret" value={secret} onChange={onChange} fault={fault} />
		</>
	);
}

export function PasswordStep({ draft, faults, change }: StepProps) {
	return (
		<>
			<TextQuestion id="user" label="User name of the administrator" value={draft.user} onChange={(user) => change({ user })} fault={faults.user} autoComplete="username" />
			<WizardField id="password" label="Password" fault={faults.password}>
				<PasswordInput id="password" value={draft.password} onChange={(password) => change({ password })} validated={faults.password ? 'error' : 'default'} describedBy="password-help password-rules" />
			</WizardField>
			<WizardField id="again" label="Password again">
				<PasswordInput id="again" value={draft.again} onChange={(again) => change({ again })} describedBy="password-rules" />
			</WizardField>
			<HelperText component="ul" id="password-rules" aria-live="polite" aria-label="Rules of the password">
				{passwordRules(draft.user, draft.password, draft.again).map((rule) => (
					<HelperTextItem key={rule.text} component="li" variant={draft.password === '' ? 'indeterminate' : rule.isMet ? 'success' : 'error'} screenReaderText={rule.isMet ? ': met' : ': not met'}>{rule.text}</HelperTextItem>
				))}
			</HelperText>
		</>
	);
}

export function RoleStep({ draft, faults, change }: StepProps) {
	return (
		<>
			<FormGroup role="radiogroup" label="Which half of the pair is this?" isRequired fieldId="role" isStack>
				<Radio id="role-edge" name="role" label="Edge" description="Stands in the DMZ. The core and the outside world connect to it." isChecked={draft.role === 'edge'} onChange={() => change({ role: 'edge' })} />
				<Radio id="role-core" name="role" label="Core" description="Stands inside. It opens every connection outward, so the inner firewall needs no inbound hole." isChecked={draft.role === 'core'} onChange={() => change({ role: 'core' })} />
				{faults.role && <HelperText><HelperTextItem variant="error">{faults.role}</HelperTextItem></HelperText>}
			</FormGroup>
			<TextQuestion id="host-name" label="Host name" value={draft.hostName} onChange={(hostName) => change({ hostName: hostName.trim() })} placeholder={draft.role === 'core' ? 'core.example.com' : 'edge.example.com'} help="Full DNS name. It stands in the certificate of this appliance, and the other half verifies it." fault={faults.hostName} />
		</>
	);
}

export function AddressStep({ draft, faults, change, offered }: StepProps & { offered: LocalAddress[] }) {
	const [typed, setTyped] = useState('');
	const known = new Set(offered.map((offer) => offer.address));
	const rows = [...offered, ...draft.networks.filter((network) => !known.has(network.address)).map((network) => ({ name: 'entered', address: network.address }))];
	const add = (name: string, address: string) => change({ networks: [...draft.networks, { name: freeName(name, draft.networks), address }] });
	const drop = (address: string) => change({ networks: draft.networks.filter((network) => network.address !== address) });
	const rename = (address: string, name: string) =>
		change({ networks: draft.networks.map((network) => (network.address === address ? { ...network, name } : network)) });
	const addTyped = () => {
		if (typed !== '' && !draft.networks.some((network) => network.address === typed))
			add(offered.find((offer) => offer.address === typed)?.name ?? 'lan', typed);
		setTyped('');
	};
	const isHere = (address: string) => window.location.hostname.replace(/^\[|\]$/g, '') === address;
	return (
		<>
			<Content component="p">Signalling, media and this web page use the addresses you choose here, and no others.</Content>
			{faults.networks && <Notice variant="danger" title={faults.networks} />}
			<Table variant="compact" borders={false} aria-label="Addresses of this machine" gridBreakPoint="grid-md">
				<Thead><Tr><Th screenReaderText="Use" /><Th modifier="nowrap">Address</Th><Th modifier="nowrap">Interface</Th><Th modifier="nowrap">Name of the network</Th></Tr></Thead>
				<Tbody>
					{rows.map((row, at) => {
						const chosen = draft.networks.find((network) => network.address === row.address);
						return (
							<Tr key={`${row.name} ${row.address}`}>
								<Td dataLabel="Use"><Checkbox id={`address-${at}`} aria-label={`Use ${row.address}`} isChecked={Boolean(chosen)} onChange={(_event, on) => (on ? add(row.name, row.address) : drop(row.address))} /></Td>
								<Td dataLabel="Address"><span>{row.address} {isHere(row.address) && <Label isCompact color="blue">you are here</Label>}</span></Td>
								<Td dataLabel="Interface">{row.name}</Td>
								<Td dataLabel="Name of the network">{chosen ? <TextInput aria-label={`Name of the network of ${row.address}`} value={chosen.name} onChange={(_event, name) => rename(row.address, name)} /> : <span className="tp-quiet">not used</span>}</Td>
							</Tr>
						);
					})}
				</Tbody>
			</Table>
			<WizardField id="other-address" label="Another address" isRequired={false} help="For an address that this machine gets later.">
				<InputGroup>
					<InputGroupItem isFill><TextInput id="other-address" value={typed} onChange={(_event, value) => setTyped(value.trim())} aria-describedby="other-address-help" spellCheck="false" /></InputGroupItem>
					<InputGroupItem><Button variant="control" onClick={addTyped} isDisabled={typed === ''}>Add</Button></InputGroupItem>
				</InputGroup>
			</WizardField>
		</>
	);
}

function freeName(name: string, taken: LocalAddress[]): string {
	const names = new Set(taken.map((network) => network.name));
	let free = name;
	for (let n = 2; names.has(free); n++)
		free = `${name}-${n}`;
	return free;
}

export function IdentityStep({ draft, faults, change, identity }: StepProps & { identity: Identity | null }) {
	const other = otherRole(draft.role);
	const peerFingerprint = useFingerprint(draft.peerCa);
	return (
		<>
			<Content component="p">Each half has a certificate authority (CA) of its own for the start. The two halves trust one another when each knows the CA of the other and you have compared the fingerprints.</Content>
			<FormGroup label="CA of this appliance" fieldId="own-ca" role="group">
				{identity
					? (
						<Stack hasGutter>
							<ClipboardCopy isReadOnly isCode variant="inline-compact" className="tp-fingerprint" hoverTip="Copy" clickTip="Copied">{identity['ca-fingerprint']}</ClipboardCopy>
							<div>
								<Button variant="secondary" size="sm" onClick={() => savePem(`${draft.hostName || 'turnpike'}-ca.pem`, identity.ca)}>Download CA certificate</Button>{' '}
								<CopyButton text={identity.ca} />
							</div>
							<p className="tp-quiet">Take it to the {roleName[other]} and compare this fingerprint there.</p>
						</Stack>
					)
					: <p className="tp-quiet">It is made when the settings are applied, and shown then.</p>}
			</FormGroup>
			<FormGroup role="radiogroup" label={`CA of the ${other}`} fieldId="with-peer" isStack>
				<Radio id="peer-now" name="with-peer" label="I have it" isChecked={draft.withPeer} onChange={() => change({ withPeer: true })} />
				<Radio id="peer-later" name="with-peer" label={`Connect to the ${other} later`} description="The zone and the CA can be added under Zones and Trusted CAs." isChecked={!draft.withPeer} onChange={() => change({ withPeer: false })} />
			</FormGroup>
			{draft.withPeer && (
				<>
					<WizardField id="peer-ca" label={`CA certificate of the ${other} (PEM)`} fault={faults.peerCa}>
						<PemInput id="peer-ca" value={draft.peerCa} onChange={(peerCa) => change({ peerCa, compared: false })} placeholder="-----BEGIN CERTIFICATE-----" isFaulty={Boolean(faults.peerCa)} describedBy="peer-ca-help" />
					</WizardField>
					{peerFingerprint && (
						<FormGroup label="Its fingerprint" fieldId="compared" role="group">
							<p className="tp-mono tp-gap-below-small">SHA-256 {peerFingerprint}</p>
							<Checkbox id="compared" label={`I have compared it with the one that the ${other} shows`} isChecked={draft.compared} onChange={(_event, compared) => change({ compared })} />
							{faults.compared && <HelperText><HelperTextItem variant="error">{faults.compared}</HelperTextItem></HelperText>}
						</FormGroup>
					)}
				</>
			)}
		</>
	);
}

function useFingerprint(pem: string): string | null {
	const [found, setFound] = useState<string | null>(null);
	useEffect(() => {
		let current = true;
		void fingerprintOf(pem).then((text) => current && setFound(text));
		return () => {
			current = false;
		};
	}, [pem]);
	return found;
}

function CopyButton({ text }: { text: string }) {
	const [done, setDone] = useState(false);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			setDone(true);
		} catch {
			setDone(false);
		}
	};
	return <Button variant="link" isInline onClick={() => void copy()}>{done ? 'Copied' : 'Copy as text'}</Button>;
}

export function PeerStep({ draft, faults, change }: StepProps) {
	const isCore = draft.role === 'core';
	const other = otherRole(draft.role);
	return (
		<>
			<Content component="p">{isCore ? 'This appliance dials the edge over TLS, checks its certificate, and logs in with a user name and password.' : 'The core dials this appliance over TLS, is checked by its certificate, and logs in with a user name and password.'}</Content>
			{isCore && <TextQuestion id="peer-address" label="Address of the edge" value={draft.peerAddress} onChange={(peerAddress) => change({ peerAddress: peerAddress.trim() })} help="IP address or DNS name that is reached from here." fault={faults.peerAddress} />}
			<TextQuestion id="peer-port" label={isCore ? 'Port on the edge' : 'Listening port'} value={draft.peerPort} onChange={(peerPort) => change({ peerPort: peerPort.trim() })} isNumber help="TCP, 7001 for the first zone. Both halves have the same number." fault={faults.peerPort} />
			<TextQuestion id="verify-name" label={`Host name of the ${other}`} value={draft.verifyName} onChange={(verifyName) => change({ verifyName: verifyName.trim() })} placeholder={`${other}.example.com`} help={`The certificate of the ${other} must carry this name.`} fault={faults.verifyName} />
			<TextQuestion id="link-user" label="User name of the link" value={draft.linkUser} onChange={(linkUser) => change({ linkUser: linkUser.trim() })} placeholder="core" help="The same on both halves." fault={faults.linkUser} />
			<WizardField id="link-password" label="Password of the link" help="The same on both halves. Make one on the first half, and keep it for the second." fault={faults.linkPassword}>
				<PasswordInput id="link-password" value={draft.linkPassword} onChange={(linkPassword) => change({ linkPassword })} validated={faults.linkPassword ? 'error' : 'default'} describedBy="link-password-help" />
				<Button variant="link" isInline onClick={() => change({ linkPassword: makePassword() })} className="tp-gap-above-small">Make a strong one</Button>
			</WizardField>
			<TextQuestion id="peer-name" label="Name of the zone" value={draft.peerName} onChange={(peerName) => change({ peerName })} placeholder={other} isRequired={false} help="Shown in search rules, calls and logs." fault={faults.peerName} />
		</>
	);
}

export function ReviewStep({ draft }: { draft: Draft }) {
	const other = otherRole(draft.role);
	const facts: [string, string][] = [
		['Role', draft.role === 'core' ? 'Core' : 'Edge'],
		['Host name', draft.hostName],
		...draft.networks.map((network): [string, string] => [`Network ${network.name}`, network.address]),
	];
	if (draft.withPeer) {
		facts.push(['Zone', draft.peerName || other]);
		if (draft.role === 'core')
			facts.push(['Edge', `${draft.peerAddress}, port ${draft.peerPort}`]);
		else
			facts.push(['Listening port', draft.peerPort]);
		facts.push([`Name of the ${other}`, draft.verifyName], ['User of the link', draft.linkUser], ['Password', 'as entered'], [`CA of the ${other}`, 'compared and trusted']);
	} else {
		facts.push([`Link to the ${other}`, 'later']);
	}
	return (
		<>
			<Content component="p">Applying makes the certificate for these names and puts the settings into force. The certificate of this page changes with it: your browser may ask about it again.</Content>
			<Facts facts={facts} horizontalTermWidthModifier={{ default: '16ch', md: '24ch' }} />
		</>
	);
}
