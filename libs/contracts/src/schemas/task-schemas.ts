import { describeEvents, describeTasks } from '@mentorhub/task-contracts';
import { catalogue } from '../catalogue.js';

/** The catalogue with JSON Schemas, as text of `task-types.json`: for clients in other languages. */
export const taskSchemas = (): string =>
  `${JSON.stringify({ tasks: describeTasks(catalogue), events: describeEvents(catalogue) }, null, 2)}\n`;
