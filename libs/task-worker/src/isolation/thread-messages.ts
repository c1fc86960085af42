import type { MessagePort } from 'node:worker_threads';
import type { EnqueueOptions } from '@mentorhub/tasks';
import type { PackedThrown } from './crossing.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** What a thread is given to run one attempt. */
export interface ThreadCall {
  /** URL of the module whose default export is the handler. */
  readonly module: string;
  readonly payload: unknown;
  readonly task: {
    readonly id: string;
    readonly name: string;
    readonly run: number;
    readonly attempt: number;
    readonly queue: string;
  };
  /** With external effects the context has `once`. */
  readonly hasOnce: boolean;
  /** Which levels are written; lines of others do not cross. */
  readonly levels: Readonly<Record<LogLevel, boolean>>;
  /** After this many attempts, or above this much memory, the thread asks to be replaced. */
  readonly recycle: { readonly tasks: number; readonly mib: number };
  /** The way to the caller, for this attempt alone. */
  readonly port: MessagePort;
}

/** Said by the thread. */
export type FromThread =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly args: readonly unknown[] }
  | { readonly kind: 'progress'; readonly value: unknown }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** How the call ended that the answer to the question with this id allowed. */
  | { readonly kind: 'called'; readonly id: number; readonly answered: boolean }
  | Ended;

/** The handler's end, always the last message. */
export interface Ended {
  readonly kind: 'ended';
  readonly result: { readonly returned: unknown } | { readonly threw: PackedThrown };
  /** The thread takes no other attempt and waits to be ended. */
  readonly recycle: boolean;
}

/** What a handler's context does where the database is: outside its thread. */
export type Question =
  /** Whether the outside world may be called: yes, when this is answered. The call is made in the thread. */
  | { readonly about: 'once' }
  | {
      readonly about: 'enqueue';
      readonly contract: string;
      readonly payload: unknown;
      readonly options: EnqueueOptions | undefined;
    };

/** Said to the thread. */
export type ToThread =
  | { readonly kind: 'abort'; readonly reason: { readonly name: string; readonly message: string } }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly answer: { readonly value: unknown } | { readonly threw: PackedThrown };
    };
