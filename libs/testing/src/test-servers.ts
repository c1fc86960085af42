/**
 * Where the run's private servers are. The jest global setup starts them and sets these variables; a developer may
 * set them to servers of their own.
 */
export type TestServer = 'TEST_AMQP_URL' | 'TEST_RABBITMQ_MANAGEMENT_URL' | 'TEST_DATABASE_URL';

/** @throws Error with a sentence that names the variable when it is not set. */
export function testServerUrl(variable: TestServer): URL {
  const value = process.env[variable];
  if (!value) {
    throw new Error(
      `${variable} is not set: start the tests with \`npm test\`, which brings up private servers, or set ${variable} to one of your own.`,
    );
  }
  return new URL(value);
}
