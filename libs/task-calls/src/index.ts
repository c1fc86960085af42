/** Request and reply between services: `Calls` asks, a `CallServer` answers. Knows nothing of tasks. */
export {
  CallRefusedError,
  CallTimeoutError,
  CallUnreachableError,
  type CallFault,
  type RefusalCode,
} from './call-errors.js';
export { CallServer, type AnsweredCall, type CallServerOptions } from './call-server.js';
export { Calls, type CallOptions, type CallsOptions } from './calls.js';
