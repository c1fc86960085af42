/** Beyond this many, PostgreSQL is asked: some megabytes, whatever somebody revokes. */
export const mostTombstones = 20_000;

interface Kept {
  readonly run: number;
  readonly expiresAt: number;
}

/** What a worker can say of a task by itself. */
export type Known = 'revoked' | 'not revoked' | 'ask';

/**
 * The tombstones of light tasks that a worker keeps in mind, since no claim of theirs looks for one. Each is forgotten when
 * it expires, and there are at most so many: what does not fit is left to PostgreSQL, which then has to be asked about every
 * light task until the last of those has expired.
 *
 * Times are of the monotonic clock, so that no jump of the machine's clock makes a worker forget.
 */
export class LightTombstones {
  private readonly kept = new Map<string, Kept>();
  private askUntil = -Infinity;

  constructor(
    private readonly most = mostTombstones,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  get size(): number {
    return this.kept.size;
  }

  keep(taskId: string, run: number, secondsLeft: number): void {
    const expiresAt = this.now() + secondsLeft;
    const known = this.kept.get(taskId);
    if (!known && this.kept.size >= this.most) this.askUntil = Math.max(this.askUntil, expiresAt);
    else
      this.kept.set(taskId, {
        run: Math.max(run, known?.run ?? 0),
        expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0),
      });
  }

  know(taskId: string, run: number): Known {
    const now = this.now();
    const known = this.kept.get(taskId);
    if (known && known.run >= run && known.expiresAt > now) return 'revoked';
    return this.askUntil > now ? 'ask' : 'not revoked';
  }

  /** Call it now and then; until then, what has expired only takes room. */
  forgetExpired(): void {
    const now = this.now();
    for (const [taskId, { expiresAt }] of this.kept) if (expiresAt <= now) this.kept.delete(taskId);
  }
}
