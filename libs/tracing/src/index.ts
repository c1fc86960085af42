export { captureTrace, isTracing } from './active-trace.js';
export { setHttpRoute } from './http-route.js';
export { shutdownTracing } from './lifecycle.js';
export { currentTraceHeaders, currentTraceparent, traced, withRemoteParent, type TraceHeaders } from './propagation.js';
