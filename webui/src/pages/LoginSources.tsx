// Where logins are checked: local accounts and remote sources, what groups of remote users
// may do, and a test of one user.
import { Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useMayWrite } from '../app/access';
import { Link } from '../app/router';
import { UserTest } from './login/UserTest';
import { SettingsPage } from './settings/SettingsPage';

export function LoginSources() {
	const mayWrite = useMayWrite();
	return (
		<SettingsPage
			path="/turnpike-access:access"
			part="login"
			title="Login"
			purpose="Who is asked whether a user name and a password are right, and what remote users may do."
			below={mayWrite && <UserTest />}
		>
			<Card>
				<CardHeader><CardTitle component="h2">From local accounts to a remote source</CardTitle></CardHeader>
				<CardBody>
					<ol className="tp-steps">
						<li>Turn the remote source on, add the groups whose members may come in, and save both to the candidate.</li>
						<li>Test a user of each group at the end of this page, by the settings of the candidate. Each step says whether it passed, and why not.</li>
						<li><Link to="/changes">Commit</Link>; nobody logs in that way yet.</li>
						<li>Set the source to <em>Both</em> and commit with a confirmation: unless you confirm it, it is undone. A name that has a local account is checked there alone.</li>
						<li>Choose <em>Remote only</em> once a remote administrator has logged in. Then no local account logs in; root on the appliance still may use <span className="tp-code">turnpikectl</span>.</li>
					</ol>
				</CardBody>
			</Card>
		</SettingsPage>
	);
}
