// Local accounts of administrators: who there is, what they may do, and changes of it.
import { Button, Label, LabelGroup } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { deleteAccount, readAccounts, type Account } from '../api/accounts';
import { levelNames, useMayWrite } from '../app/access';
import { Link } from '../app/router';
import { useSession } from '../app/SessionContext';
import { useRead } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { timeText } from '../parts/format';
import { FailureNote, LoadingRows } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { AccountDialog } from './administrators/AccountDialog';
import { PasswordForDialog } from './administrators/PasswordForDialog';

type Question = { what: 'add' } | { what: 'edit' | 'password' | 'delete'; account: Account } | null;

export function Administrators() {
	const mayWrite = useMayWrite();
	const reading = useRead('accounts', readAccounts);
	const last = usePrevious(reading.data);
	const accounts = reading.data ?? last;
	const [question, setQuestion] = useState<Question>(null);
	const close = () => setQuestion(null);
	return (
		<PageFrame
			title="Administrators"
			purpose={<>Local accounts, and what each may do. Rules for their passwords, and when unused accounts are disabled, are in the <Link to="/password-policy">password policy</Link>.</>}
			actions={mayWrite && <Button variant="primary" onClick={() => setQuestion({ what: 'add' })}>Add administrator</Button>}
		>
			{!accounts && reading.loading && <LoadingRows label="Reading the accounts" />}
			{reading.error && <FailureNote title="The accounts could not be read" error={reading.error} retry={reading.refresh} />}
			{accounts && <AccountTable accounts={accounts} onAsk={mayWrite ? setQuestion : null} />}
			{question?.what === 'add' && <AccountDialog account={null} onClose={close} onChanged={reading.refresh} />}
			{question?.what === 'edit' && <AccountDialog account={question.account} onClose={close} onChanged={reading.refresh} />}
			{question?.what === 'password' && <PasswordForDialog name={question.account.name} onClose={close} onChanged={reading.refresh} />}
			{question?.what === 'delete' && (
				<ConfirmDialog title={`Delete ${question.account.name}?`} action="Delete" onClose={close} onConfirm={async () => {
					await deleteAccount(question.account.name);
					reading.refresh();
				}}>
					The account and its sessions end at once. What it did stays in the logs under its name.
				</ConfirmDialog>
			)}
		</PageFrame>
	);
}

function AccountTable({ accounts, onAsk }: { accounts: Account[]; onAsk: ((question: Question) => void) | null }) {
	const { session } = useSession();
	return (
		<Table variant="compact" aria-label="Administrators" gridBreakPoint="grid-lg">
			<Thead>
				<Tr><Th>Name</Th><Th>Level</Th><Th>Access</Th><Th>State</Th><Th>Last login</Th>{onAsk && <Th screenReaderText="Actions" />}</Tr>
			</Thead>
			<Tbody>
				{accounts.map((account) => (
					<Tr key={account.name}>
						<Td dataLabel="Name" className="tp-strong tp-break">{account.name}{account.name === session.user && <span className="tp-quiet"> (you)</span>}</Td>
						<Td dataLabel="Level">{levelNames[account.level]}</Td>
						<Td dataLabel="Access">{[account.web && 'Web', account.api && 'API'].filter(Boolean).join(', ') || 'None'}</Td>
						<Td dataLabel="State"><States account={account} /></Td>
						<Td dataLabel="Last login">{account['last-login-at'] ? <>{timeText(account['last-login-at'])}<div className="tp-quiet tp-small">from {account['last-login-source']}</div></> : 'Never'}</Td>
						{onAsk && (
							<Td dataLabel="Actions">
								<div className="tp-buttons">
									<Button variant="secondary" size="sm" aria-label={`Edit ${account.name}`} onClick={() => onAsk({ what: 'edit', account })}>Edit</Button>
									{account.name !== session.user && <Button variant="secondary" size="sm" aria-label={`Set password of ${account.name}`} onClick={() => onAsk({ what: 'password', account })}>Set password</Button>}
									{account.name !== session.user && !account['last-administrator'] && <Button variant="secondary" size="sm" isDanger aria-label={`Delete ${account.name}`} onClick={() => onAsk({ what: 'delete', account })}>Delete</Button>}
								</div>
							</Td>
						)}
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}

function States({ account }: { account: Account }) {
	return (
		<LabelGroup numLabels={5}>
			{account.disabled
				? <Label isCompact variant="outline" color="grey">{account['disabled-unused'] ? 'Disabled, unused' : 'Disabled'}</Label>
				: <Label isCompact variant="outline" status="success">Enabled</Label>}
			{account['must-change-password'] && <Label isCompact variant="outline" status="warning">Must change password</Label>}
			{account['last-administrator'] && <Label isCompact variant="outline" status="info">Last administrator</Label>}
		</LabelGroup>
	);
}
