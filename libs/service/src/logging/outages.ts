import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from 'pino';
import { missedByQuery } from '../database/connection-fault.js';

const warn = 40;
const fatal = 60;
const firstReportSeconds = 10;
const longestPauseSeconds = 600;
/** What comes back may go again at once; the outage then goes on. */
const backForSeconds = 2;
const mostSentences = 30;

/**
 * Folds the lines that repeat while something is away, so that an outage is a handful of lines and one stack.
 *
 * 1. A warning or error begins an outage and is written as it is when its `err` says that PostgreSQL or RabbitMQ could not be
 *    reached, or when it names in `away` what is.
 * 2. Later ones about the same are only counted. After 10, 30, 70, 150 seconds and so on, at most every 10 minutes, one line
 *    says how often each sentence was said.
 * 3. A line that names it in `back` ends the outage, unless it is away again within 2 s; so does hearing no more of it. The
 *    last line says how long it took. A line with `back` and without a sentence is not written.
 */
export class Outages {
  private readonly outages = new Map<string, Outage>();
  private logger: Logger | undefined;

  /** For the lines that it writes itself. */
  writeTo(logger: Logger): void {
    this.logger = logger;
  }

  /** Whether this call of the logger needs no line of its own. */
  fold([fields, sentence]: readonly unknown[], level: number): boolean {
    if (typeof fields !== 'object' || fields === null) return false;
    const { back } = fields as { back?: unknown };
    if (typeof back === 'string') {
      this.outages.get(back)?.back();
      return !sentence;
    }
    const what = level >= warn && level < fatal ? whatIsAway(fields) : undefined;
    if (what === undefined || !this.logger) return false;
    const outage = this.outages.get(what);
    if (outage) outage.count(typeof sentence === 'string' ? sentence : '');
    else this.outages.set(what, new Outage(what, this.logger, () => this.outages.delete(what)));
    return outage !== undefined;
  }
}

function whatIsAway(fields: object): string | undefined {
  const { away, err } = fields as { away?: unknown; err?: unknown };
  const error = (fields instanceof Error ? fields : err) as { name?: unknown; failure?: unknown } | undefined;
  const missed = missedByQuery(error);
  if (missed) return missed;
  if (error?.name === 'PublishError') return error.failure === 'disconnected' ? 'RabbitMQ' : 'confirms of RabbitMQ';
  return typeof away === 'string' ? away : undefined;
}

// A timer belongs to the task that set it, and so would the line that it logs.
const outside = AsyncLocalStorage.snapshot();

class Outage {
  private readonly since = performance.now();
  private lastHeardAt = this.since;
  private readonly said = new Map<string, number>();
  private heard = false;
  private pauseSeconds = firstReportSeconds;
  private reporting = this.later(this.pauseSeconds, () => this.report());
  private ending: NodeJS.Timeout | undefined;

  constructor(
    private readonly what: string,
    private readonly logger: Logger,
    private readonly ended: () => void,
  ) {}

  count(sentence: string): void {
    const key = this.said.has(sentence) || this.said.size < mostSentences ? sentence : 'others';
    this.said.set(key, (this.said.get(key) ?? 0) + 1);
    this.heard = true;
    this.lastHeardAt = performance.now();
    clearTimeout(this.ending);
    this.ending = undefined;
  }

  back(): void {
    const at = performance.now();
    this.ending ??= this.later(backForSeconds, () => this.end(at));
  }

  private report(): void {
    if (!this.heard) return this.end(this.lastHeardAt);
    this.heard = false;
    this.logger.warn(this.fields(performance.now()), `Still without ${this.what} after ${this.seconds()} s.`);
    this.pauseSeconds = Math.min(2 * this.pauseSeconds, longestPauseSeconds);
    this.reporting = this.later(this.pauseSeconds, () => this.report());
  }

  private end(at: number): void {
    clearTimeout(this.reporting);
    clearTimeout(this.ending);
    this.ended();
    if (this.ending || this.said.size > 0)
      this.logger.info(this.fields(at), `${capital(this.what)}: back after ${this.seconds(at)} s.`);
  }

  private fields(at: number): object {
    return { seconds: this.seconds(at), lines: Object.fromEntries(this.said) };
  }

  private seconds(at = performance.now()): number {
    return Math.round((at - this.since) / 1000);
  }

  private later(seconds: number, act: () => void): NodeJS.Timeout {
    return outside(() => setTimeout(act, seconds * 1000).unref());
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
