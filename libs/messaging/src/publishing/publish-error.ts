/**
 * - `nacked`: the broker refused it (a full queue with `reject-publish`); it is not there.
 * - `returned`: mandatory, and no queue took it; it is not there.
 * - `timeout`: written, but not confirmed in time; it may be there, also later.
 * - `refused`: never written: it does not fit a limit, the waiting line is full, or it waited too long for a blocked broker.
 * - `disconnected`: there is no connection, or it (or its channel) was lost before the confirm; see `ambiguous`.
 */
export type PublishFailure = 'nacked' | 'returned' | 'timeout' | 'refused' | 'disconnected';

/** Why a publish did not succeed. */
export class PublishError extends Error {
  override readonly name = 'PublishError';

  constructor(
    readonly failure: PublishFailure,
    message: string,
    /** True when the message was written, so that the broker may have taken it; publishing it again may then deliver it twice. */
    readonly ambiguous = false,
    /** True when it would fail again however often it is tried: its headers, properties or body do not fit AMQP or a limit. */
    readonly unsendable = false,
  ) {
    super(message);
  }
}
