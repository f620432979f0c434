// The classification of what is shown here, above and below every page (features.md, row 134),
// while the appliance is in the advanced mode.
import { useEffect, useRef, type ReactNode } from 'react';
import type { Banner } from '../api/types';

export function ClassificationBar({ banner, label }: { banner: Banner; label: string }) {
	return <section className={`tp-class tp-class-${banner.colour}`} aria-label={label}>{banner.text}</section>;
}

/** Around the whole application. Dialogs keep clear of both bars, however many lines they have. */
export function Classified({ banner, children }: { banner: Banner | null; children: ReactNode }) {
	const frame = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const { style } = document.documentElement;
		const bar = banner && frame.current?.querySelector('.tp-class');
		if (!bar)
			return;
		const watcher = new ResizeObserver(() => style.setProperty('--tp-class-size', `${bar.getBoundingClientRect().height}px`));
		watcher.observe(bar);
		return () => {
			watcher.disconnect();
			style.removeProperty('--tp-class-size');
		};
	}, [banner]);
	return (
		<div ref={frame} className={banner ? 'tp-classified' : 'tp-contents'}>
			{banner && <ClassificationBar banner={banner} label="Classification" />}
			<div className={banner ? 'tp-classified-page' : 'tp-contents'}>{children}</div>
			{banner && <ClassificationBar banner={banner} label="Classification, once more" />}
		</div>
	);
}
