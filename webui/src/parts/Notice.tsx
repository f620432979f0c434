// An inline message: PatternFly's alert, whose title is a paragraph, not a heading.
import { Alert, type AlertProps } from '@patternfly/react-core';

export function Notice(props: AlertProps) {
	return <Alert isInline component="p" {...props} />;
}
