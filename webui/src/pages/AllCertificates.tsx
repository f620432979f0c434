// One list of every certificate: filters on any column, order, pages, CSV.
import { Button, Pagination, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import CertificateIcon from '@patternfly/react-icons/dist/esm/icons/certificate-icon';
import { Table, Tbody, Td, Th, Thead, Tr, type ThProps } from '@patternfly/react-table';
import { useState } from 'react';
import { csvAddress, readCertificates, type CertificatePage, type ListColumn, type ListedCertificate, type ListQuery } from '../api/certificates';
import { Link } from '../app/router';
import { useRead } from '../app/usePoll';
import { usePrevious } from '../app/usePrevious';
import { ExpiryText } from '../parts/ExpiryLabel';
import { capital, plural } from '../parts/format';
import { FailureNote, LoadingRows, Nothing } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { FilterRows } from './certificates/FilterRows';

const perPage = 50;

export function AllCertificates() {
	const [wanted, setWanted] = useState<ListQuery>({ filters: [], any: false, sort: 'certificate', descending: false });
	const [number, setNumber] = useState(1);
	const reading = useRead(`certificates ${number} ${JSON.stringify(wanted)}`, (signal) => readCertificates(wanted, (number - 1) * perPage, perPage, signal));
	const last = usePrevious(reading.data);
	const data = reading.data ?? last;
	const want = (next: ListQuery) => {
		setWanted(next);
		setNumber(1);
	};
	return (
		<PageFrame title="Certificates" purpose="Every certificate that this appliance shows or trusts, in one list." actions={<Button variant="secondary" component="a" href={csvAddress(wanted)} download="certificates.csv">Export CSV</Button>}>
			{data && <FilterRows columns={data.columns} conditions={data.conditions} filters={wanted.filters} any={wanted.any} onFind={(filters, any) => want({ ...wanted, filters, any })} />}
			<Toolbar>
				<ToolbarContent>
					<ToolbarItem alignSelf="center">{data && <span className="tp-quiet">{plural(data.total, 'certificate')}</span>}</ToolbarItem>
					<ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}><Pagination isCompact itemCount={data?.total ?? 0} page={number} perPage={perPage} perPageOptions={[]} onSetPage={(_event, next) => setNumber(next)} /></ToolbarItem>
				</ToolbarContent>
			</Toolbar>
			{!data && reading.loading && <LoadingRows label="Reading the certificates" />}
			{reading.error && <FailureNote title="The certificates could not be read" error={reading.error} retry={reading.refresh} />}
			{data?.total === 0 && !reading.error && <Nothing title="Nothing matches" icon={CertificateIcon}>No certificate fits these filters.</Nothing>}
			{data && data.total > 0 && <CertificateTable data={data} wanted={wanted} onSort={(sort, descending) => want({ ...wanted, sort, descending })} />}
		</PageFrame>
	);
}

interface CertificateTableProps {
	data: CertificatePage;
	wanted: ListQuery;
	onSort: (column: string, descending: boolean) => void;
}

function CertificateTable({ data, wanted, onSort }: CertificateTableProps) {
	const at = data.columns.findIndex((column) => column.name === wanted.sort);
	const sort = (index: number): ThProps['sort'] => ({
		columnIndex: index,
		sortBy: { index: at, direction: wanted.descending ? 'desc' : 'asc' },
		onSort: (_event, which, direction) => onSort(data.columns[which]?.name ?? 'certificate', direction === 'desc'),
	});
	return (
		<Table variant="compact" aria-label="Certificates" gridBreakPoint="grid-xl">
			<Thead><Tr>{data.columns.map((column, index) => <Th key={column.name} sort={sort(index)} modifier="nowrap">{column.label}</Th>)}</Tr></Thead>
			<Tbody>
				{data.certificates.map((row) => (
					<Tr key={`${row.id} ${row.certificate}`}>
						{data.columns.map((column) => <Td key={column.name} dataLabel={column.label} className={isShort(column) ? undefined : 'tp-break'} modifier={isShort(column) ? 'nowrap' : undefined}><Cell row={row} column={column.name} /></Td>)}
					</Tr>
				))}
			</Tbody>
		</Table>
	);
}

const isShort = ({ name, date }: ListColumn) => date || name === 'type' || name === 'distribution';

const placeOf = ({ kind, name }: ListedCertificate) => (kind === 'trusted-ca' ? `/trusted-cas/${encodeURIComponent(name)}` : kind === 'crl' ? '/revocation' : `/identities/${encodeURIComponent(name)}`);

function Cell({ row, column }: { row: ListedCertificate; column: string }) {
	if (column === 'certificate')
		return <Link to={placeOf(row)} className="tp-strong">{row.certificate}</Link>;
	if (column === 'expires-at')
		return <ExpiryText at={row['expires-at']} expiry={row.expiry} />;
	const text = String(row[column as keyof ListedCertificate] ?? '');
	return column === 'distribution' ? capital(text) || '–' : text || '–';
}
