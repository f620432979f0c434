// Builds the browser application into dist/. Nothing is inlined, so that the page
// works under a content security policy of 'self' alone.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const backend = process.env.TURNPIKE_BACKEND ?? 'http://127.0.0.1:7480';

export default defineConfig({
	plugins: [react()],
	build: {
		target: 'es2022',
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		sourcemap: false,
		chunkSizeWarningLimit: 1500,
	},
	server: {
		proxy: {
			'/api': { target: backend, secure: false },
			'/restconf': { target: backend, secure: false },
		},
	},
});
