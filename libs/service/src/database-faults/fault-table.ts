/**
 * What a fault of the database means, and what follows:
 *
 * | fault       | what it says                                        | what happens                                                                |
 * | ----------- | --------------------------------------------------- | --------------------------------------------------------------------------- |
 * | `away`      | nobody can use the database now                     | the connection is closed; work waits until a probe answers; nothing is spent |
 * | `ended`     | this connection is over, perhaps it alone           | as `away` if a probe on another one fails, too; else run again at once       |
 * | `read-only` | this server takes no writes: demoted, or a standby  | as `ended`, and every connection of the pool is replaced                     |
 * | `stale`     | what this connection had prepared no longer holds   | every connection of the pool is replaced; run again at once                  |
 * | `collided`  | rolled back for the sake of another transaction     | run again at once                                                            |
 * | `hindered`  | a lock, a time limit, memory: not now               | the runtime's own statement: tried later, nothing is spent; a handler's: it failed |
 * | `pool-busy` | all connections are in use, or too many wait        | tried later, nothing is spent                                                |
 *
 * "At once" is a few times. After that the runtime's own statement is tried later, and a handler that was its cause has failed.
 */
export type DatabaseFault = 'away' | 'ended' | 'read-only' | 'stale' | 'collided' | 'hindered' | 'pool-busy';

interface Line {
  readonly fault: DatabaseFault;
  /** The code has other meanings, too: it counts only with such a message. */
  readonly only?: RegExp;
}

/** SQLSTATEs, classes of them (two characters), and codes of Node's sockets. What is not here is the statement's own fault. */
const table: readonly (Line & { readonly codes: string })[] = [
  // The network's ways to say "not there". A name may be unknown for a while in a cluster that is coming up.
  { fault: 'away', codes: 'ECONNREFUSED EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENOENT ENOTFOUND EAI_AGAIN' },
  // A connection that was there: reset, silent for too long, closed while we wrote.
  { fault: 'ended', codes: 'ECONNABORTED ECONNRESET ETIMEDOUT EPIPE ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END' },

  // Class 08, connection exceptions. 08004: the server refuses another one. 08P01: PgBouncer's, for whatever ends a client
  // (no server to be had, the server gone, waited too long), unless it names what only a person can mend.
  { fault: 'ended', codes: '08000 08001 08003 08006 08007' },
  { fault: 'away', codes: '08004' },
  { fault: 'ended', codes: '08P01', only: /^(?!.*(startup parameter|no such (database|user)|authentication failed))/ },

  // Class 57, an operator. Ended by pg_terminate_backend or a shutdown, by a crash elsewhere, with its database, by
  // idle_session_timeout; and 57P03, starting or stopping.
  { fault: 'ended', codes: '57P01 57P02 57P04 57P05' },
  { fault: 'away', codes: '57P03' },
  // Ended by idle_in_transaction_session_timeout, by transaction_timeout.
  { fault: 'ended', codes: '25P03 25P04' },

  // Demoted, a standby, or a transaction that was declared READ ONLY.
  { fault: 'read-only', codes: '25006' },

  // Disk full; too many connections. 58: the operating system refuses to read or write.
  { fault: 'away', codes: '53100 53300 58000 58030' },
  // Out of memory or locks, a configured limit; a file that a statement named or that is missing.
  { fault: 'hindered', codes: '53 58' },
  // Lock time-out or NOWAIT; statement time-out or pg_cancel_backend.
  { fault: 'hindered', codes: '55P03 57014' },

  // Serialisation failure, deadlock.
  { fault: 'collided', codes: '40001 40P01' },

  // Columns changed under a prepared statement; a pooler that gave the session to others.
  { fault: 'stale', codes: '0A000', only: /cached plan must not change result type/ },
  { fault: 'stale', codes: '26000 42P05', only: /prepared statement/ },
];

export const codesOf: ReadonlyMap<string, Line> = new Map(
  table.flatMap(({ codes, ...line }) => codes.split(' ').map((code) => [code, line] as const)),
);

/**
 * node-postgres and TypeORM raise these without a code. A query runner counts as released as soon as its connection has
 * broken, so within a transaction that is what every later query says.
 */
export const messagesOf: readonly { readonly fault: DatabaseFault; readonly pattern: RegExp }[] = [
  { fault: 'pool-busy', pattern: /timeout exceeded when trying to connect/i },
  { fault: 'away', pattern: /due to connection timeout|timeout expired/i },
  { fault: 'ended', pattern: /Connection terminated|ended unexpectedly|query read timeout/i },
  { fault: 'ended', pattern: /Client has encountered a connection error|Client was closed/i },
  { fault: 'ended', pattern: /query runner (was )?already released/i },
  {
    fault: 'away',
    pattern:
      /Driver not connected|database is not established|connection is not yet established|Cannot use a pool after calling end/i,
  },
];

/** Our own errors, for what has neither. */
export const namesOf: ReadonlyMap<string, DatabaseFault> = new Map([
  ['DatabaseUnreachableError', 'away'],
  // More tasks wait to be written than a process takes.
  ['OverloadError', 'pool-busy'],
]);
