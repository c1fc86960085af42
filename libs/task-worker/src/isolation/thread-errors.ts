/** The thread was gone before its handler had ended: out of memory, `process.exit`, or an error that nothing caught. */
export class ThreadEndedError extends Error {
  override readonly name = 'ThreadEndedError';

  constructor(why: string, cause?: unknown) {
    super(`The task's thread ended before its handler did: ${why}`, { cause });
  }
}

/** Nothing has run: the process stops, and the task is somebody else's to run. */
export class ThreadPoolClosedError extends Error {
  override readonly name = 'ThreadPoolClosedError';

  constructor() {
    super('The process stops and starts no more threads.');
  }
}
