import type { Channel, Message } from 'amqplib';
import { ChannelFrames } from '../connection/channel-frames.js';
import { ackFrames, type Ack } from './ack-frames.js';

/**
 * Settles the deliveries of one channel, those of a tick together: one `multiple` ack up to the lowest delivery that still runs, single
 * acks above it. (Only contiguous ones would stall behind one slow handler.)
 *
 * A `multiple` ack must name a tag that is itself still open, else the broker closes the channel: so it names the highest of this tick's.
 */
export class Acknowledger {
  /** In the order of delivery, so that the first is the lowest. */
  private readonly unfinished = new Set<number>();
  private acks: number[] = [];
  private handBacks: number[] = [];
  private open = true;
  private written = 0;
  private scheduled: NodeJS.Immediate | undefined;
  private readonly frames: ChannelFrames;

  constructor(private readonly channel: Channel) {
    this.frames = new ChannelFrames(channel);
    channel.once('close', () => this.shut());
  }

  get channelOpen(): boolean {
    return this.open;
  }

  /** How many deliveries are not settled. */
  get held(): number {
    return this.unfinished.size;
  }

  /** How many acks and hand-backs were written since `countAnew`, which may still be on their way to the queue. */
  get underWay(): number {
    return this.written;
  }

  countAnew(): void {
    this.written = 0;
  }

  delivered(tag: number): void {
    this.unfinished.add(tag);
  }

  ack(tag: number): void {
    if (this.unfinished.delete(tag)) this.schedule(this.acks, tag);
  }

  handBack(tag: number): void {
    if (this.unfinished.delete(tag)) this.schedule(this.handBacks, tag);
  }

  /** Writes what was settled; called by itself at the end of the tick. */
  flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { acks, handBacks } = this;
    this.acks = [];
    this.handBacks = [];
    if (this.open) this.write(acks, handBacks);
  }

  /** From here on nothing is written; what is not acked goes back to the queue with the channel. */
  shut(): void {
    this.open = false;
    this.unfinished.clear();
  }

  private write(acks: number[], handBacks: number[]): void {
    try {
      // First, since the multiple ack would otherwise take them along.
      for (const tag of handBacks) this.channel.nack(reference(tag), false, true);
      this.written += handBacks.length;
      this.writeAcks(acks);
    } catch {
      // The connection is being closed under it; the channel's own close event is about to come.
      this.shut();
    }
  }

  private schedule(list: number[], tag: number): void {
    if (!this.open) return;
    list.push(tag);
    this.scheduled ??= setImmediate(() => this.flush());
  }

  private writeAcks(tags: number[]): void {
    const lowestUnfinished: number = this.unfinished.values().next().value ?? Infinity;
    let highestBelow = 0;
    const acks: Ack[] = [];
    for (const tag of tags) {
      if (tag > lowestUnfinished) acks.push({ tag, multiple: false });
      else if (tag > highestBelow) highestBelow = tag;
    }
    if (highestBelow > 0) acks.push({ tag: highestBelow, multiple: true });
    if (acks.length > 1 && this.frames.usable) this.frames.write(ackFrames(this.frames.number, acks));
    else for (const { tag, multiple } of acks) this.channel.ack(reference(tag), multiple);
    this.written += acks.length;
  }
}

/** All that amqplib reads of a message to settle it. */
function reference(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
