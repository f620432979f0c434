// PEM text: paste it or take it from a file. The file is read here, not uploaded.
import { Button, TextArea } from '@patternfly/react-core';
import { useRef, useState } from 'react';

interface PemInputProps {
	id: string;
	value: string;
	onChange: (value: string) => void;
	placeholder?: string;
	isFaulty?: boolean;
	describedBy?: string;
	/** Of a file. */
	mostBytes?: number;
}

export function PemInput({ id, value, onChange, placeholder, isFaulty, describedBy, mostBytes = 65_536 }: PemInputProps) {
	const input = useRef<HTMLInputElement>(null);
	const [failure, setFailure] = useState<string | null>(null);
	const take = async (file: File | undefined) => {
		if (!file)
			return;
		if (file.size > mostBytes) {
			setFailure('This file is too large for a certificate or key in PEM form.');
			return;
		}
		setFailure(null);
		onChange(await file.text());
	};
	return (
		<>
			<TextArea id={id} value={value} onChange={(_event, next) => onChange(next)} rows={5} className="tp-pem" resizeOrientation="vertical" placeholder={placeholder} validated={isFaulty ? 'error' : 'default'} aria-describedby={describedBy} spellCheck="false" />
			<Button variant="link" isInline onClick={() => input.current?.click()} className="tp-gap-above-small">Choose a file…</Button>
			<input ref={input} type="file" hidden accept=".pem,.crt,.cer,.crl,.key,.txt" aria-label="PEM file" onChange={(event) => {
				void take(event.target.files?.[0]);
				event.target.value = '';
			}} />
			{failure && <div role="alert" className="tp-danger-text">{failure}</div>}
		</>
	);
}
