// Other domains of a certificate: typed one by one, or imported from a text file.
import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, InputGroup, InputGroupItem, Label, LabelGroup, TextInput } from '@patternfly/react-core';
import { useRef, useState, type KeyboardEvent } from 'react';
import { plural } from '../../parts/format';

interface DomainListProps {
	domains: string[];
	fault?: string;
	onChange: (domains: string[]) => void;
}

const mostBytes = 65_536;

/** Names stand apart by line ends, spaces, commas or semicolons; # starts a remark. */
const namesIn = (text: string) => text.split(/\r?\n/).map((line) => line.replace(/#.*/, '')).join(' ').split(/[\s,;]+/).filter(Boolean);

export function DomainList({ domains, fault, onChange }: DomainListProps) {
	const file = useRef<HTMLInputElement>(null);
	const [typed, setTyped] = useState('');
	const [note, setNote] = useState<string | null>(null);
	const add = (text: string) => {
		const fresh = [...new Set(namesIn(text).map((name) => name.toLowerCase()))].filter((name) => !domains.includes(name));
		onChange([...domains, ...fresh]);
		return fresh.length;
	};
	const addTyped = () => {
		add(typed);
		setTyped('');
		setNote(null);
	};
	const onKey = (event: KeyboardEvent) => {
		if (event.key !== 'Enter')
			return;
		event.preventDefault();
		addTyped();
	};
	const take = async (chosen: File | undefined) => {
		if (chosen)
			setNote(chosen.size > mostBytes ? 'This file is too large for a list of names.' : `${plural(add(await chosen.text()), 'name')} imported from ${chosen.name}.`);
	};
	return (
		<FormGroup label="Other domains" fieldId="other-domain">
			<InputGroup>
				<InputGroupItem isFill><TextInput id="other-domain" value={typed} onChange={(_event, value) => setTyped(value)} onKeyDown={onKey} validated={fault ? 'error' : 'default'} aria-describedby="other-domain-help" spellCheck="false" autoCapitalize="none" autoComplete="off" /></InputGroupItem>
				<InputGroupItem><Button variant="control" isDisabled={typed.trim() === ''} onClick={addTyped}>Add</Button></InputGroupItem>
			</InputGroup>
			<FormHelperText>
				<HelperText id="other-domain-help" aria-live="polite">
					{fault && <HelperTextItem variant="error">{fault}</HelperTextItem>}
					{note && <HelperTextItem>{note}</HelperTextItem>}
					<HelperTextItem>Each becomes a DNS name of the certificate.</HelperTextItem>
				</HelperText>
			</FormHelperText>
			<Button variant="link" isInline onClick={() => file.current?.click()} className="tp-gap-above-small">Import from a .txt file…</Button>
			<input ref={file} type="file" hidden accept=".txt,text/plain" aria-label="File with domains" onChange={(event) => {
				void take(event.target.files?.[0]);
				event.target.value = '';
			}} />
			{domains.length > 0 && (
				<LabelGroup aria-label="Other domains" numLabels={50} className="tp-gap-above-small">
					{domains.map((name) => <Label key={name} variant="outline" onClose={() => onChange(domains.filter((one) => one !== name))} closeBtnAriaLabel={`Remove ${name}`}>{name}</Label>)}
				</LabelGroup>
			)}
		</FormGroup>
	);
}
