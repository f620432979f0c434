// Head and body of a page: title that takes the focus when the page opens, the
// way back, one line of purpose, actions at the right.
import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from '../app/router';

interface PageFrameProps {
	title: string;
	purpose?: ReactNode;
	back?: { to: string; label: string }[];
	badge?: ReactNode;
	actions?: ReactNode;
	children: ReactNode;
}

export function PageFrame({ title, purpose, back, badge, actions, children }: PageFrameProps) {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		document.title = `${title} · Turnpike`;
	}, [title]);
	useEffect(() => {
		heading.current?.focus({ preventScroll: true });
	}, []);
	return (
		<>
			<PageSection hasBodyWrapper={false} className="tp-page-head">
				{back && (
					<Breadcrumb className="tp-gap-below-small">
						{back.map((step) => (
							<BreadcrumbItem key={step.to} render={({ className }) => <Link to={step.to} className={className}>{step.label}</Link>} />
						))}
						<BreadcrumbItem isActive>{title}</BreadcrumbItem>
					</Breadcrumb>
				)}
				<Flex justifyContent={{ default: 'justifyContentSpaceBetween' }} alignItems={{ default: 'alignItemsFlexStart' }} gap={{ default: 'gapMd' }}>
					<FlexItem className="tp-page-title">
						<Flex alignItems={{ default: 'alignItemsCenter' }} gap={{ default: 'gapMd' }}>
							<Title headingLevel="h1" size="2xl" ref={heading} tabIndex={-1}>{title}</Title>
							{badge}
						</Flex>
						{purpose && <Content component="p" className="tp-purpose">{purpose}</Content>}
					</FlexItem>
					{actions && <FlexItem>{actions}</FlexItem>}
				</Flex>
			</PageSection>
			<PageSection hasBodyWrapper={false} isFilled className="tp-page-body">{children}</PageSection>
		</>
	);
}
