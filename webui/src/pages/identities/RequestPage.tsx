// The form of a certificate signing request, and of a self-signed certificate.
import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, Radio } from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { makeRequest, makeSelfSigned, readIdentities, type Identities, type OwnIdentity, type RequestForm } from '../../api/certificates';
import { ApiError, messageOf } from '../../api/http';
import { useRouter } from '../../app/router';
import { useRead } from '../../app/usePoll';
import { FailureNote, LoadingRows } from '../../parts/notes';
import { Notice } from '../../parts/Notice';
import { PageFrame } from '../../parts/PageFrame';
import { TextQuestion } from '../../wizard/WizardField';
import { DomainList } from './DomainList';
import { distributionText, hashText, identitiesPage, identityPath, keyTypeText, titleOf } from './words';

type Kind = 'request' | 'self-signed';

export function RequestPage({ id, kind }: { id: string; kind: Kind }) {
	const reading = useRead('identities', readIdentities);
	const identity = reading.data?.identities.find((one) => one.id === id);
	const title = kind === 'request' ? 'Make a request' : 'Make a self-signed certificate';
	const purpose = kind === 'request' ? 'A new private key is made on the appliance and stays there; the request goes to your certificate authority.' : 'For tests: nobody trusts it until they are told to.';
	return (
		<PageFrame title={title} purpose={purpose} back={[identitiesPage, { to: identityPath(id), label: titleOf(identity, id) }]}>
			{reading.loading && <LoadingRows label="Reading the identity" rows={6} />}
			{reading.error && <FailureNote title="The identity could not be read" error={reading.error} retry={reading.refresh} />}
			{reading.data && identity && <NamesForm identity={identity} identities={reading.data} kind={kind} />}
		</PageFrame>
	);
}

function first({ identities, kind, identity }: { identities: Identities; kind: Kind; identity: OwnIdentity }): RequestForm {
	return {
		'key-type': identities['key-types'].includes('rsa-3072') ? 'rsa-3072' : identities['key-types'][0] ?? '',
		hash: identities.hashes[0] ?? '',
		distribution: 'this-server',
		'common-name': identities.defaults['common-name'],
		organization: '', 'organizational-unit': '', locality: '', state: '', country: '',
		'automatic-names': true, addresses: false, 'parent-domain': false, 'other-domains': [],
		'server-auth': identity.side !== 'client', 'client-auth': identity.side !== 'server',
		...(kind === 'self-signed' ? { days: 1825 } : {}),
	};
}

interface NamesFormProps {
	identity: OwnIdentity;
	identities: Identities;
	kind: Kind;
}

function NamesForm({ identity, identities, kind }: NamesFormProps) {
	const { go } = useRouter();
	const { defaults } = identities;
	const [form, setForm] = useState(() => first({ identities, kind, identity }));
	const [replace, setReplace] = useState(false);
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<string | null>(null);
	const [faults, setFaults] = useState<Map<string, string>>(new Map());
	const change = (part: Partial<RequestForm>) => setForm((old) => ({ ...old, ...part }));
	const isPending = kind === 'request' && identity.request !== null;

	const distribute = (distribution: RequestForm['distribution']) => {
		const was = form.distribution === 'multi-server' ? defaults['multi-server-common-name'] : defaults['common-name'];
		const name = distribution === 'multi-server' ? defaults['multi-server-common-name'] : defaults['common-name'];
		change({ distribution, 'common-name': form['common-name'] === was ? name : form['common-name'] });
	};
	const submit = async (event: FormEvent) => {
		event.preventDefault();
		setBusy(true);
		setFailure(null);
		setFaults(new Map());
		try {
			if (kind === 'request') {
				await makeRequest(identity.id, { ...form, replace });
				go(identityPath(identity.id));
			} else {
				await makeSelfSigned(identity.id, form);
				go(`${identityPath(identity.id)}/upload`);
			}
		} catch (error) {
			setBusy(false);
			setFailure(messageOf(error));
			if (error instanceof ApiError)
				setFaults(new Map(error.faults.map((fault) => [fault.path.replace(/^.*\//, ''), fault.message])));
		}
	};
	const text = (name: 'common-name' | 'organization' | 'organizational-unit' | 'locality' | 'state' | 'country', label: string, help?: ReactNode) => (
		<TextQuestion id={name} label={label} help={help} isRequired={name === 'common-name'} value={form[name]} fault={faults.get(name)} onChange={(value) => change({ [name]: value })} />
	);

	return (
		<Form onSubmit={submit} noValidate className="tp-settings">
			{failure && <Notice variant="danger" title={failure} />}
			{isPending && (
				<Notice variant="warning" title="A request is pending already">
					<Checkbox id="replace" label="Replace it; its private key is lost" isChecked={replace} onChange={(_event, on) => setReplace(on)} />
				</Notice>
			)}
			<Section title="Names">
				<FormGroup role="radiogroup" label="Distribution" fieldId="distribution" isStack>
					<Radio id="this-server" name="distribution" label={distributionText('this-server')} description="For this appliance alone." isChecked={form.distribution === 'this-server'} onChange={() => distribute('this-server')} />
					<Radio id="multi-server" name="distribution" label={distributionText('multi-server')} description="One certificate for several appliances: every name is in it." isChecked={form.distribution === 'multi-server'} onChange={() => distribute('multi-server')} />
				</FormGroup>
				{text('common-name', 'Common name', 'Proposed by the distribution; it can be changed.')}
				<FormGroup role="group" label="Alternative names" fieldId="alternative" isStack>
					<Checkbox id="automatic-names" label={`Names of this appliance: ${defaults['automatic-names'].join(', ')}`} isChecked={form['automatic-names']} onChange={(_event, on) => change({ 'automatic-names': on })} />
					{defaults.addresses.length > 0 && <Checkbox id="addresses" label={`Addresses: ${defaults.addresses.join(', ')}`} isChecked={form.addresses} onChange={(_event, on) => change({ addresses: on })} />}
					{defaults['parent-domain'] && <Checkbox id="parent-domain" label={`Parent domain: ${defaults['parent-domain']}`} isChecked={form['parent-domain']} onChange={(_event, on) => change({ 'parent-domain': on })} />}
				</FormGroup>
				<DomainList domains={form['other-domains']} fault={faults.get('other-domains')} onChange={(domains) => change({ 'other-domains': domains })} />
			</Section>
			<Section title="Key">
				<Choice id="key-type" label="Key type and length" value={form['key-type']} names={identities['key-types']} word={keyTypeText} onChange={(value) => change({ 'key-type': value })} />
				<Choice id="hash" label="Hash" value={form.hash} names={identities.hashes} word={hashText} onChange={(value) => change({ hash: value })} />
				<FormGroup role="group" label="Purposes" fieldId="purposes" isStack>
					<Checkbox id="server-auth" label="Server: connections that come in" isChecked={form['server-auth']} onChange={(_event, on) => change({ 'server-auth': on })} />
					<Checkbox id="client-auth" label="Client: connections that this appliance makes" isChecked={form['client-auth']} onChange={(_event, on) => change({ 'client-auth': on })} />
				</FormGroup>
				{kind === 'self-signed' && <TextQuestion id="days" label="Valid for days" isNumber value={String(form.days ?? '')} fault={faults.get('days')} help="1 to 3650." onChange={(value) => change({ days: Number(value) || 0 })} />}
			</Section>
			<Section title="Subject">
				{text('organization', 'Organization')}
				{text('organizational-unit', 'Organizational unit')}
				{text('locality', 'Locality')}
				{text('state', 'State or province')}
				{text('country', 'Country', 'Two letters, such as FR.')}
			</Section>
			<ActionList>
				<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || (isPending && !replace)}>{kind === 'request' ? 'Make the request' : 'Make the certificate'}</Button></ActionListItem>
				<ActionListItem><Button variant="link" onClick={() => go(identityPath(identity.id))}>Cancel</Button></ActionListItem>
			</ActionList>
		</Form>
	);
}

function Section({ title, children }: { title: string; children: ReactNode }) {
	return (
		<Card>
			<CardHeader><CardTitle component="h2">{title}</CardTitle></CardHeader>
			<CardBody className="tp-fields">{children}</CardBody>
		</Card>
	);
}

interface ChoiceProps {
	id: string;
	label: string;
	value: string;
	names: string[];
	word: (name: string) => string;
	onChange: (value: string) => void;
}

function Choice({ id, label, value, names, word, onChange }: ChoiceProps) {
	return (
		<FormGroup label={label} fieldId={id}>
			<FormSelect id={id} value={value} onChange={(_event, next) => onChange(next)}>{names.map((name) => <FormSelectOption key={name} value={name} label={word(name)} />)}</FormSelect>
		</FormGroup>
	);
}
