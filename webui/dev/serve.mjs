// npm run dev: the mock server and Vite's development server in front of it.
import { createServer } from 'vite';
import { createMock } from './mock.mjs';

const mock = createMock({ scenario: process.argv[2], role: process.argv[3] });
console.log(await mock.listen(7480));
const vite = await createServer();
await vite.listen();
vite.printUrls();
