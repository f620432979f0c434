import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@patternfly/react-core/dist/styles/base.css';
import { App } from './app/App';
import { RouterProvider } from './app/router';
import { applyTheme } from './app/theme';
import './app.css'; // after the components' own rules, to override some

applyTheme();
const root = document.getElementById('root');
if (root) {
	createRoot(root).render(
		<StrictMode>
			<RouterProvider>
				<App />
			</RouterProvider>
		</StrictMode>,
	);
}
