// TLS versions and cipher suites, service by service.
import { ActionList, ActionListItem, Button, Form, Stack } from '@patternfly/react-core';
import { useEffect, useState, type FormEvent } from 'react';
import { readTlsServices, type TlsService } from '../api/ciphers';
import { putContainer, readCandidate, type Subtree } from '../api/config';
import { useLive } from '../app/Live';
import { Link, useRouter } from '../app/router';
import { useRead } from '../app/usePoll';
import { checkTree, cleanTree } from '../model/check';
import { candidateVerdict, failureVerdict, fieldPaths, noVerdict, type Verdict } from '../model/save';
import { findNode, type SchemaNode } from '../model/schema';
import { childScope, type Scope } from '../model/when';
import { plural } from '../parts/format';
import { FaultList } from '../parts/FaultList';
import { Notice } from '../parts/Notice';
import { FailureNote, LoadingRows } from '../parts/notes';
import { PageFrame } from '../parts/PageFrame';
import { useFirstFault } from '../parts/useFirstFault';
import { ServiceCard } from './ciphers/ServiceCard';

const root = '/turnpike-tls:tls/service';

export function Ciphers() {
	const { model } = useLive();
	const node = model.data && findNode(model.data, root);
	const services = useRead('tls services', readTlsServices);
	const reading = useRead(`candidate ${root}`, () => readCandidate(root));
	const again = () => { reading.refresh(); services.refresh(); };
	return (
		<PageFrame title="Ciphers" purpose={node?.help}>
			<Stack hasGutter>
				{(model.loading || reading.loading) && <LoadingRows label="Reading the settings" rows={6} />}
				{model.error && <FailureNote title="The description of the settings could not be read" error={model.error} retry={model.refresh} />}
				{reading.error && <FailureNote title="The settings could not be read" error={reading.error} retry={reading.refresh} />}
				{services.error && <FailureNote title="What is in force could not be read" error={services.error} retry={services.refresh} />}
				{node && reading.data && <CipherForm node={node} saved={reading.data} services={services.data ?? []} reload={again} />}
			</Stack>
		</PageFrame>
	);
}

interface CipherFormProps {
	node: SchemaNode;
	saved: Subtree;
	services: TlsService[];
	reload: () => void;
}

function CipherForm({ node, saved, services, reload }: CipherFormProps) {
	const { config } = useLive();
	const { guard } = useRouter();
	const [value, setValue] = useState(saved.value);
	const [verdict, setVerdict] = useState<Verdict>(noVerdict);
	const [busy, setBusy] = useState(false);
	const [done, setDone] = useState(false);
	const scope: Scope = { node, value, up: null };
	const clean = cleanTree(scope);
	const isDirty = JSON.stringify(clean) !== JSON.stringify(cleanTree({ ...scope, value: saved.value }));
	const isFine = verdict.faults.size + verdict.general.length === 0;
	useFirstFault(verdict.faults);
	useEffect(() => {
		guard(isDirty ? () => window.confirm('Leave this page and lose the edits that are not saved?') : null);
		return () => guard(null);
	}, [guard, isDirty]);

	const save = async (event: FormEvent) => {
		event.preventDefault();
		setDone(false);
		const found = checkTree(scope, root);
		if (found.size > 0) {
			setVerdict({ ...noVerdict, faults: found });
			return;
		}
		setBusy(true);
		const fields = new Set(fieldPaths(node, root));
		try {
			await putContainer(root, clean, saved.etag);
			setVerdict(await candidateVerdict(root, fields));
			setDone(true);
			reload();
		} catch (error) {
			setVerdict(failureVerdict(error, root, fields));
		}
		setBusy(false);
		config.refresh();
	};
	const revert = () => {
		setValue(saved.value);
		setVerdict(noVerdict);
	};
	return (
		<>
			<div aria-live="polite" className="tp-contents">
				<FaultList faults={verdict.general} isSaved={done && !isDirty && !isFine} />
				{verdict.elsewhere > 0 && <Notice variant="warning" title={`${plural(verdict.elsewhere, 'problem')} elsewhere in the candidate`}><Link to="/changes">Review the changes</Link></Notice>}
				{done && !isDirty && isFine && <Notice variant="success" title="Saved to the candidate">It takes effect for new connections when you <Link to="/changes">review and commit</Link> the changes; those in progress go on.</Notice>}
			</div>
			<Form onSubmit={save} isHorizontal noValidate className="tp-settings">
				{(node.nodes ?? []).map((service) => (
					<ServiceCard
						key={service.name}
						scope={childScope(null, service, value[service.name])}
						path={`${root}/${service.name}`}
						faults={verdict.faults}
						facts={services.find((one) => one.name === service.name)}
						onChange={(next) => setValue({ ...value, [service.name]: next })}
					/>
				))}
				<div className={isDirty || busy ? 'tp-save-bar tp-save-bar-open' : 'tp-save-bar tp-save-bar-closed'}>
					<ActionList>
						<ActionListItem><Button type="submit" variant="primary" isLoading={busy} isDisabled={busy || !isDirty}>Save to the candidate</Button></ActionListItem>
						<ActionListItem><Button variant="link" isDisabled={busy || !isDirty} onClick={revert}>Revert</Button></ActionListItem>
					</ActionList>
				</div>
			</Form>
		</>
	);
}
