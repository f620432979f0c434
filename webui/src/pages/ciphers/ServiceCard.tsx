// One service: its preset, minimum and lists, and what they come to.
import { Card, CardBody, CardHeader, CardTitle, FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea } from '@patternfly/react-core';
import type { TlsService } from '../../api/ciphers';
import type { ConfigTree, ConfigValue } from '../../api/config';
import { useMayWrite } from '../../app/access';
import type { Faults } from '../../model/check';
import { cleanTree } from '../../model/check';
import { Field, fieldId } from '../../model/Field';
import { choiceLabel, type SchemaNode } from '../../model/schema';
import { applies, childScope, effective, type Scope } from '../../model/when';
import { LockoutLabel } from '../../parts/labels';
import { Notice } from '../../parts/Notice';
import { FailureNote, LoadingRows } from '../../parts/notes';
import { PeerNote } from './PeerNote';
import { SuiteList } from './SuiteList';
import { usePreview } from './usePreview';

interface ServiceCardProps {
	scope: Scope;
	path: string;
	faults: Faults;
	facts: TlsService | undefined;
	onChange: (value: ConfigTree) => void;
}

export function ServiceCard({ scope, path, faults, facts, onChange }: ServiceCardProps) {
	const { node, value } = scope;
	const { policy, error, pending } = usePreview(node.name, cleanTree(scope));
	const refusals = new Map<string, string>((policy?.sides ?? []).flatMap((side) => (side.refused ? [[`${path}/${side.refused.setting}`, side.refused.text] as const] : [])));
	const faultAt = (at: string) => refusals.get(at) ?? faults.get(at);
	const set = (name: string, next: ConfigValue | undefined) => {
		const changed = { ...value, [name]: next };
		onChange(name === 'preset' && next === 'custom' ? withLists(changed, String(value.preset ?? 'recommended'), facts) : changed);
	};
	const leaves = (node.nodes ?? []).filter((child) => child.kind === 'leaf' && applies(child, scope));
	const groups = (node.nodes ?? []).filter((child) => child.kind === 'container');
	return (
		<Card>
			<CardHeader><CardTitle component="h2">{node.label} {node.lockout && <LockoutLabel />}</CardTitle><p className="tp-quiet">{node.help}</p></CardHeader>
			<CardBody className="tp-fields">
				<InForce node={node} facts={facts} value={value} />
				{leaves.map((leaf) => {
					const at = `${path}/${leaf.name}`;
					const change = (next: ConfigValue | undefined) => set(leaf.name, next);
					return leaf.enum
						? <Field key={leaf.name} node={leaf} path={at} value={value[leaf.name]} onChange={change} fault={faultAt(at)} isRequired={false} />
						: <ListField key={leaf.name} node={leaf} path={at} value={value[leaf.name]} onChange={change} fault={faultAt(at)} />;
				})}
				{groups.flatMap((group) => {
					const inner = childScope(scope, group, value[group.name]);
					return (group.nodes ?? []).filter((leaf) => applies(leaf, inner)).map((leaf) => {
						const at = `${path}/${group.name}/${leaf.name}`;
						return <ListField key={at} node={leaf} path={at} value={inner.value[leaf.name]} onChange={(next) => set(group.name, { ...inner.value, [leaf.name]: next })} fault={faultAt(at)} />;
					});
				})}
				{policy?.warning && <Notice variant="warning" title="Old versions of TLS">{policy.warning}</Notice>}
				{policy?.peers && !policy.sides.some((side) => side.refused) && <PeerNote peers={policy.peers} service={node.label} />}
				{error && <FailureNote title="What these settings come to could not be asked" error={error} />}
				{!policy && !error && <LoadingRows label={`Expanding the lists of ${node.label}`} rows={2} />}
				{policy && (
					<div aria-live="polite" aria-busy={pending} className="tp-suites-all">
						{policy.sides.map((side) => <SuiteList key={side.side} side={side} service={node.label} isAlone={policy.sides.length === 1} />)}
					</div>
				)}
			</CardBody>
		</Card>
	);
}

/** A new custom policy begins with the lists of the preset before it. */
function withLists(value: ConfigTree, before: string, facts: TlsService | undefined): ConfigTree {
	const preset = facts?.presets.find((one) => one.preset === before);
	const [first] = preset?.sides ?? [];
	if (!facts || !preset || !first)
		return value;
	const lists = Object.fromEntries(preset.sides.map((side) => [side.side, { ciphers: side.ciphers }]));
	return { ...value, ciphersuites: first.ciphersuites, ...(facts.client ? lists : { ciphers: first.ciphers }) };
}

/** Said only where the form shows something else. */
function InForce({ node, facts, value }: { node: SchemaNode; facts: TlsService | undefined; value: ConfigTree }) {
	const [preset, minimum] = ['preset', 'minimum-version'].map((name) => node.nodes?.find((leaf) => leaf.name === name));
	const running = facts?.running;
	if (!running || !preset || !minimum)
		return null;
	const shown = [String(effective(preset, value.preset)), String(effective(minimum, value['minimum-version']))];
	if (shown[0] === running.preset && shown[1] === running['minimum-version'])
		return null;
	return <p className="tp-quiet">In force now: {choiceLabel(preset, running.preset)}, from {choiceLabel(minimum, running['minimum-version'])} on.</p>;
}

interface ListFieldProps {
	node: SchemaNode;
	path: string;
	value: ConfigValue | undefined;
	onChange: (value: ConfigValue | undefined) => void;
	fault: string | undefined;
}

/** A list of suites is long: it wraps. */
function ListField({ node, path, value, onChange, fault }: ListFieldProps) {
	const mayWrite = useMayWrite();
	const id = fieldId(path);
	return (
		<FormGroup label={node.label} fieldId={id}>
			<TextArea id={id} className="tp-cipher-list" readOnlyVariant={mayWrite ? undefined : 'default'} value={String(value ?? '')} onChange={(_event, next) => onChange(next === '' ? undefined : next.replaceAll('\n', ''))} validated={fault ? 'error' : 'default'} aria-describedby={`${id}-help`} placeholder={String(node.default ?? '')} rows={3} resizeOrientation="vertical" spellCheck="false" autoComplete="off" />
			<FormHelperText>
				<HelperText id={`${id}-help`} aria-live="polite">
					{fault && <HelperTextItem variant="error">{fault}</HelperTextItem>}
					<HelperTextItem>{node.help}</HelperTextItem>
				</HelperText>
			</FormHelperText>
		</FormGroup>
	);
}
