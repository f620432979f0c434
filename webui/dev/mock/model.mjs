// The schema that the mock's /api/v1/model gives.
import { readModel } from './yang.mjs';

export const nodes = readModel(['turnpike-system', 'turnpike-tls', 'turnpike-sip', 'turnpike-zone', 'turnpike-search', 'turnpike-media', 'turnpike-access', 'turnpike-log']);
