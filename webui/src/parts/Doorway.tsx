// The frame of the pages before a login: mark, product, appliance, one card.
import { Card, CardBody, CardHeader, Content, Flex, FlexItem, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import type { Session } from '../api/types';
import { ThemeMenu } from '../app/ThemeMenu';
import { RoleLabel } from './labels';
import { Mark } from './Mark';

interface DoorwayProps {
	session: Session;
	title: string;
	purpose?: ReactNode;
	wide?: boolean;
	children: ReactNode;
}

export function Doorway({ session, title, purpose, wide, children }: DoorwayProps) {
	useEffect(() => {
		document.title = `${title} · Turnpike`;
	}, [title]);
	return (
		<div className="tp-doorway">
			<header className="tp-doorway-head">
				<Flex alignItems={{ default: 'alignItemsCenter' }} gap={{ default: 'gapMd' }} flexWrap={{ default: 'nowrap' }}>
					<Mark size={40} />
					<FlexItem grow={{ default: 'grow' }}>
						<div className="tp-wordmark">Turnpike</div>
						<div className="tp-quiet tp-break">{session['host-name'] || 'SIP and media traversal'}</div>
					</FlexItem>
					{session.role && <RoleLabel role={session.role} />}
					<ThemeMenu />
				</Flex>
			</header>
			<main className={wide ? 'tp-doorway-main tp-wide' : 'tp-doorway-main'}>
				<Card className="tp-doorway-card">
					<CardHeader>
						<Title headingLevel="h1" size="xl">{title}</Title>
						{purpose && <Content component="p" className="tp-quiet">{purpose}</Content>}
					</CardHeader>
					<CardBody>{children}</CardBody>
				</Card>
			</main>
			<footer className="tp-doorway-foot tp-quiet">{session.product} {session.version}</footer>
		</div>
	);
}
