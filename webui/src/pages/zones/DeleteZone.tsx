import { deleteEntry } from '../../api/config';
import { useLive } from '../../app/Live';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { zoneListPath } from './words';

export function DeleteZone({ name, onClose, onDeleted }: { name: string; onClose: () => void; onDeleted: () => void }) {
	const { config } = useLive();
	return (
		<ConfirmDialog title={`Delete zone ${name}?`} action="Delete" onClose={onClose} onConfirm={async () => {
			await deleteEntry(zoneListPath, name);
			config.refresh();
			onDeleted();
		}}>
			It is taken out of the candidate. Calls to and from it go on until you commit. Search rules that lead to it must be changed too.
		</ConfirmDialog>
	);
}
