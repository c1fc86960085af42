/** A test asks for what is not there, for instance a database that it did not give. It ends the test, never an attempt. */
export class TestTasksError extends Error {
  override readonly name = 'TestTasksError';
}
