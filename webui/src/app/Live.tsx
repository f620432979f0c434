// What the frame of every page keeps current: the alarms, the state of the
// configuration, and the model that forms are made from.
import { createContext, use, useMemo, type ReactNode } from 'react';
import { readConfigStatus, readModel } from '../api/config';
import { readAlarms } from '../api/status';
import type { Alarm, ConfigStatus } from '../api/types';
import type { SchemaNode } from '../model/schema';
import { mayUse } from './access';
import { useSession } from './SessionContext';
import { usePoll, useRead, type Reading } from './usePoll';

interface Live {
	alarms: Reading<Alarm[]>;
	config: Reading<ConfigStatus>;
	model: Reading<SchemaNode[]>;
}

const LiveContext = createContext<Live | null>(null);

/** For auditors, who may read none of it. */
const nothing: ConfigStatus = { running: { revision: '0', at: '', author: '', comment: '' }, changes: 0, holder: null, trial: null };

export function LiveProvider({ children }: { children: ReactNode }) {
	const mayRead = mayUse(useSession().session, 'read');
	const alarms = usePoll('alarms', async (signal) => (mayRead ? readAlarms(signal) : []), 5000);
	const config = usePoll('config-status', async (signal) => (mayRead ? readConfigStatus(signal) : nothing), 3000);
	const model = useRead('model', async () => (mayRead ? readModel() : []));
	const live = useMemo(() => ({ alarms, config, model }), [alarms, config, model]);
	return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
	const live = use(LiveContext);
	if (!live)
		throw new Error('no live data above this component');
	return live;
}
