// A small history router: the path is the state, links are plain anchors.
import { createContext, use, useCallback, useEffect, useMemo, useState, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from 'react';

interface Place {
	path: string;
	search: URLSearchParams;
}

interface Router extends Place {
	go: (to: string, options?: { replace?: boolean }) => void;
	/** A page with unsaved edits asks before it is left; null lets go. */
	guard: (question: (() => boolean) | null) => void;
}

const RouterContext = createContext<Router | null>(null);

const here = (): Place => ({
	path: window.location.pathname,
	search: new URLSearchParams(window.location.search),
});

export function RouterProvider({ children }: { children: ReactNode }) {
	const [place, setPlace] = useState(here);
	const [gate] = useState<{ question: (() => boolean) | null }>(() => ({ question: null }));

	useEffect(() => {
		const onPop = () => setPlace(here());
		const onUnload = (event: BeforeUnloadEvent) => {
			if (gate.question)
				event.preventDefault();
		};
		window.addEventListener('popstate', onPop);
		window.addEventListener('beforeunload', onUnload);
		return () => {
			window.removeEventListener('popstate', onPop);
			window.removeEventListener('beforeunload', onUnload);
		};
	}, [gate]);

	const go = useCallback<Router['go']>((to, options) => {
		if (gate.question && !gate.question())
			return;
		gate.question = null;
		if (options?.replace)
			window.history.replaceState(null, '', to);
		else
			window.history.pushState(null, '', to);
		setPlace(here());
		window.scrollTo(0, 0);
	}, [gate]);
	const guard = useCallback<Router['guard']>((question) => {
		gate.question = question;
	}, [gate]);

	const router = useMemo(() => ({ ...place, go, guard }), [place, go, guard]);
	return <RouterContext value={router}>{children}</RouterContext>;
}

export function useRouter(): Router {
	const router = use(RouterContext);
	if (!router)
		throw new Error('no router above this component');
	return router;
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to?: string; href?: string };

/** An anchor inside the application. Takes href too, for PatternFly's `component`. */
export function Link({ to, href, onClick, ...rest }: LinkProps) {
	const router = useRouter();
	const target = to ?? href ?? '/';
	const follow = (event: MouseEvent<HTMLAnchorElement>) => {
		onClick?.(event);
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
			return;
		event.preventDefault();
		router.go(target);
	};
	return <a {...rest} href={target} onClick={follow} />;
}

/** Matches "/zones/:name" against a path; names are decoded. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
	const want = pattern.split('/').filter(Boolean);
	const have = path.split('/').filter(Boolean);
	if (want.length !== have.length)
		return null;
	const found: Record<string, string> = {};
	for (const [at, part] of want.entries()) {
		const actual = have[at] ?? '';
		if (part.startsWith(':')) {
			try {
				found[part.slice(1)] = decodeURIComponent(actual);
			} catch {
				return null;
			}
		} else if (part !== actual) {
			return null;
		}
	}
	return found;
}
