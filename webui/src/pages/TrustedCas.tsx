// The authorities whose certificates are accepted: list, append, delete, reset.
import { Button, Checkbox, Label, Pagination, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import CertificateIcon from '@patternfly/react-icons/dist/esm/icons/certificate-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { deleteTrust, readTrust, resetTrust, trustPemAddress, type Trust, type TrustRow } from '../api/certificates';
import { useMayWrite } from '../app/access';
import { useLive } from '../app/Live';
import { Link, useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { ConfirmDialog } from '../parts/ConfirmDialog';
import { ExpiryText } from '../parts/ExpiryLabel';
import { plural } from '../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { AppendDialog } from './trust/AppendDialog';
import { usesText } from './trust/words';

type Question = 'append' | 'delete' | 'reset' | null;

const perPage = 50;

export function TrustedCas() {
	const { go } = useRouter();
	const { config } = useLive();
	const mayWrite = useMayWrite();
	const reading = useRead('trust', readTrust);
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const [question, setQuestion] = useState<Question>(null);
	const [ticked, setTicked] = useState<string[]>([]);
	const changed = () => {
		setTicked([]);
		reading.refresh();
		config.refresh();
	};
	const actions = (
		<div className="tp-buttons">
			{mayWrite && <Button variant="primary" onClick={() => setQuestion('append')}>Append</Button>}
			{mayWrite && <Button variant="secondary" isDisabled={ticked.length === 0} onClick={() => setQuestion('delete')}>Delete selected</Button>}
			{mayWrite && <Button variant="secondary" onClick={() => setQuestion('reset')}>Reset to the default list</Button>}
			<Button variant="secondary" onClick={() => go('/trusted-cas-decoded')}>Show all decoded</Button>
			<Button variant="secondary" component="a" href={trustPemAddress(null)} download="trusted-cas.pem">Download all as PEM</Button>
		</div>
	);
	return (
		<PageFrame title="Trusted CAs" purpose="Authorities whose certificates are accepted from SIP peers and from the other half of the pair." actions={actions}>
			{!data && reading.loading && <LoadingRows label="Reading the trusted CAs" />}
			{reading.error && <FailureNote title="The trusted CAs could not be read" error={reading.error} retry={reading.refresh} />}
			{data?.certificates.length === 0 && <Nothing title="No authority is trusted yet" icon={CertificateIcon} action={mayWrite && <Button variant="link" onClick={() => setQuestion('append')}>Append the first one</Button>}>No peer that shows a certificate is accepted. Append the CA of the other half of the pair, and those of your phones and neighbors.</Nothing>}
			{data && data.certificates.length > 0 && <TrustTable trust={data} ticked={ticked} onTick={setTicked} />}
			{data && question === 'append' && <AppendDialog uses={data.uses} onClose={() => setQuestion(null)} onChanged={changed} />}
			{question === 'delete' && (
				<ConfirmDialog title={`Delete ${plural(ticked.length, 'trusted CA')}?`} action="Delete" onClose={() => setQuestion(null)} onConfirm={async () => {
					await deleteTrust(ticked);
					changed();
				}}>
					{ticked.join(', ')}. Peers whose certificates they signed will no longer be accepted. Nothing changes on the appliance until you commit.
				</ConfirmDialog>
			)}
			{data && question === 'reset' && (
				<ConfirmDialog title="Reset to the default list?" action="Reset" onClose={() => setQuestion(null)} onConfirm={async () => {
					await resetTrust();
					changed();
				}}>
					All authorities in the list are replaced by the {data['default-list'].certificates} of the default list of {data['default-list'].date}, trusted for SIP. The CA of the other half of the pair goes too: append it again before you commit, or the traversal link stays down. Nothing changes on the appliance until you commit.
				</ConfirmDialog>
			)}
		</PageFrame>
	);
}

const stateWords: Record<TrustRow['state'], string | null> = { 'in-force': null, new: 'Not committed', changed: 'Changed in the candidate', deleted: 'Deleted in the candidate' };

interface TrustTableProps {
	trust: Trust;
	ticked: string[];
	onTick: (names: string[]) => void;
}

function TrustTable({ trust, ticked, onTick }: TrustTableProps) {
	const mayWrite = useMayWrite();
	const [filter, setFilter] = useState('');
	const [page, setPage] = useState(1);
	const words = filter.toLowerCase();
	const found = trust.certificates.filter((row) => `${row.name} ${row.subject} ${row.issuer}`.toLowerCase().includes(words));
	const shown = found.slice((page - 1) * perPage, page * perPage);
	const canTick = (row: TrustRow) => row.state !== 'deleted';
	const names = [...new Set(found.filter(canTick).map((row) => row.name))];
	const all = names.length > 0 && names.every((name) => ticked.includes(name));
	const tick = (name: string, on: boolean) => onTick(on ? [...ticked, name] : ticked.filter((one) => one !== name));
	return (
		<>
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem><SearchInput aria-label="Filter by name, subject or issuer" placeholder="Filter by name" value={filter} onChange={(_event, value) => { setFilter(value); setPage(1); }} onClear={() => setFilter('')} /></ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact itemCount={found.length} page={page} perPage={perPage} perPageOptions={[]} onSetPage={(_event, next) => setPage(next)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{found.length === 0 && <Nothing title="Nothing matches">No authority has “{filter}” in its name, subject or issuer.</Nothing>}
			{found.length > 0 && (
				<Table variant="compact" aria-label="Trusted CAs" gridBreakPoint="grid-xl">
					<Thead>
						<Tr>
							{mayWrite && <Th><Checkbox id="tick-all" aria-label="Select all" isChecked={all} onChange={(_event, on) => onTick(on ? names : [])} /></Th>}
							<Th width={25}>Name</Th><Th width={25}>Issued by</Th><Th modifier="nowrap">Type</Th><Th modifier="nowrap">Valid until</Th><Th>Trusted for</Th><Th modifier="nowrap">Serial</Th>
						</Tr>
					</Thead>
					<Tbody>
						{shown.map((row, index) => (
							<Tr key={`${row.name} ${row.part} ${row.state}`} className={canTick(row) ? undefined : 'tp-row-off'}>
								{mayWrite && <Td><Checkbox id={`tick-${index}`} aria-label={`Select ${row.name}`} isChecked={ticked.includes(row.name)} isDisabled={!canTick(row)} onChange={(_event, on) => tick(row.name, on)} /></Td>}
								<Td dataLabel="Name">
									<div>
										{canTick(row) ? <Link to={`/trusted-cas/${encodeURIComponent(row.name)}`} className="tp-strong tp-break">{row.name}</Link> : <span className="tp-before">{row.name}</span>}{row.parts > 1 && ` (${row.part} of ${row.parts})`}
										{stateWords[row.state] && <> <Label isCompact variant="outline" color="purple">{stateWords[row.state]}</Label></>}
									</div>
								</Td>
								<Td dataLabel="Issued by" className="tp-break">{row.type === 'self-signed' ? 'Itself' : row.issuer || '–'}</Td>
								<Td dataLabel="Type" modifier="nowrap">{row.type}</Td>
								<Td dataLabel="Valid until" modifier="nowrap"><ExpiryText at={row['not-after-at']} /></Td>
								<Td dataLabel="Trusted for">{usesText(row.use, trust.uses)}</Td>
								<Td dataLabel="Serial" className="tp-mono tp-small">{row.serial || '–'}</Td>
							</Tr>
						))}
					</Tbody>
				</Table>
			)}
		</>
	);
}
