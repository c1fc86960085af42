export { PayloadCipher, type PayloadKeys } from '../payload/payload-cipher.js';
export { checkPayload, encodePayload, InvalidPayloadError, type PayloadFault } from '../payload/payload-codec.js';
export { TaskResults } from './task-results.js';
export { Tasks, type EnqueuedTask, type EnqueueOptions, type EnqueueRequest, type TasksOptions } from './tasks.js';
