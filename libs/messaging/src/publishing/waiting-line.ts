import type { PendingPublish } from './pending-publish.js';

/** First in, first out, bounded by count and by bytes of body. */
export class WaitingLine {
  private items: (PendingPublish | undefined)[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    private readonly maxCount: number,
    private readonly maxBytes: number,
  ) {}

  get isEmpty(): boolean {
    return this.head === this.items.length;
  }

  get isHalfEmpty(): boolean {
    return this.items.length - this.head <= this.maxCount / 2 && this.bytes <= this.maxBytes / 2;
  }

  get first(): PendingPublish | undefined {
    return this.items[this.head];
  }

  /** False when it does not fit. */
  add(pending: PendingPublish): boolean {
    const size = pending.message.body.length;
    if (this.items.length - this.head >= this.maxCount || this.bytes + size > this.maxBytes) return false;
    this.items.push(pending);
    this.bytes += size;
    return true;
  }

  shift(): PendingPublish | undefined {
    const pending = this.items[this.head];
    if (!pending) return undefined;
    this.bytes -= pending.message.body.length;
    this.items[this.head] = undefined; // what has left is not to be kept alive by those behind it
    this.head += 1;
    if (this.head === this.items.length || this.head > 1024) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return pending;
  }
}
