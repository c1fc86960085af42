import { writeFileSync } from 'node:fs';
import { taskSchemas } from './task-schemas.js';

// Run by `npm run schemas` after a contract has changed; a test fails while the file is behind.
writeFileSync(new URL('../../task-types.json', import.meta.url), taskSchemas());
