/** A whole service on real servers, for tests. `@mentorhub/task-testing` hands it on to those outside. */
export { createTestServers, type TestServers, type TestServersOptions } from './test-servers.js';
export { TestService, type TestServiceOptions } from './test-service.js';
