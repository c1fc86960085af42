import { setTimeout as pause } from 'node:timers/promises';

const everyMs = 500;
const tellEveryMs = 5_000;

/** How far the run is: looks twice a second, and tells every few seconds. */
export class Progress {
  ended = 0;
  rows = 0;
  /** When a task ended last. */
  movedAt = Date.now();
  toldAt = 0;

  constructor({ database, say }) {
    Object.assign(this, { database, say });
  }

  /** Until `stop` is called. @param tell what the run knows besides, as a sentence */
  async follow(tell) {
    while (!this.stopped) {
      await this.look();
      if (Date.now() - this.toldAt > tellEveryMs) this.tell(tell());
      await pause(everyMs);
    }
  }

  stop() {
    this.stopped = true;
  }

  async look() {
    const [{ rows, ended }] = await this.database.query(
      'SELECT count(*)::int AS rows, count(finished_at)::int AS ended FROM tasks.task',
    );
    if (ended > this.ended) this.movedAt = Date.now();
    Object.assign(this, { rows, ended });
  }

  tell(more) {
    this.toldAt = Date.now();
    this.say(`${this.ended} ended, ${more}`);
  }
}
