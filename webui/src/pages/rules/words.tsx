// A search rule in words.
import type { ReactNode } from 'react';
import type { ConfigTree } from '../../api/config';

export const ruleListPath = '/turnpike-search:search/rule';

export const priorityOf = (rule: ConfigTree) => Number(rule.priority ?? 100);
export const isOn = (rule: ConfigTree) => String(rule.enabled ?? true) === 'true';

export function sourceText(rule: ConfigTree): string {
	const who = rule.source === 'zone' ? `Zone ${String(rule['source-zone'] ?? '?')}` : rule.source === 'registrations' ? 'Registered phones' : 'Anyone';
	return String(rule['authenticated-only']) === 'true' ? `${who}, authenticated` : who;
}

const matchWords: Record<string, string> = { exact: 'is', prefix: 'begins with', suffix: 'ends with', regex: 'matches' };

export function matchText(rule: ConfigTree): ReactNode {
	const word = matchWords[String(rule.match ?? 'any')];
	if (!word)
		return 'Any';
	const after = rule.behavior === 'strip' ? <>, stripped</> : rule.behavior === 'replace' ? <>, replaced by <code>{String(rule.replacement ?? '')}</code></> : null;
	return <span>{word} <code className="tp-code">{String(rule.pattern ?? '')}</code>{after}</span>;
}

export const targetText = (rule: ConfigTree) => (rule.target === 'zone' ? `Zone ${String(rule['target-zone'] ?? '?')}` : 'Registered phones');
