// Every page of the application after the login, for tests and pictures.
export const pages = [
	{ name: 'overview', path: '/' },
	{ name: 'zones', path: '/zones' },
];
