/** Much longer than RabbitMQ takes to deliver what is ready, also on a busy machine. */
const silentAfterMs = 10_000;

/** What is known of a subscription when its queue was looked at. */
export interface Look {
  /** Messages that are ready in the queue: waiting, and given to nobody. */
  ready: number;
  /** Deliveries that came in the life of the subscription. */
  received: number;
  /** Deliveries that are not settled. */
  held: number;
  prefetch: number;
}

/**
 * Tells whether RabbitMQ has forgotten a consumer: at looks over ten seconds messages were always ready, there was always room for
 * one in the prefetch, and none came. A consumer that is full is none of these, nor one whose queue was seen empty in between.
 */
export class Silence {
  private since: number | undefined;
  private received = -1;

  /** @param now milliseconds of a clock that does not jump. */
  lasts({ ready, received, held, prefetch }: Look, now: number): boolean {
    const mayBe = ready > 0 && held < prefetch;
    if (!mayBe || received !== this.received) this.since = undefined;
    this.received = received;
    if (!mayBe) return false;
    this.since ??= now;
    return now - this.since >= silentAfterMs;
  }
}
