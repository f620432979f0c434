// Another configuration in force may have begun or ended the advanced mode, or changed its
// banner: then the session is read again, so that no open page goes on without it.
import { useEffect, useRef } from 'react';
import { useLive } from './Live';
import { useSession } from './SessionContext';

export function FollowMode() {
	const revision = useLive().config.data?.running.revision;
	const { renew } = useSession();
	const last = useRef(revision);
	useEffect(() => {
		if (last.current !== undefined && revision !== undefined && last.current !== revision)
			void renew();
		last.current = revision ?? last.current;
	}, [revision, renew]);
	return null;
}
