import { readFileSync } from 'node:fs';
import { taskSchemas } from './task-schemas.js';

describe('task-types.json', () => {
  it('says what the contracts say (after a change: npm run schemas)', () => {
    const exported = readFileSync(new URL('../../task-types.json', import.meta.url), 'utf8');
    expect(exported).toBe(taskSchemas());
  });
});
