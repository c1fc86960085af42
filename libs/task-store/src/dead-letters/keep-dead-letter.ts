import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { isDataFault } from '../data-fault.js';
import { derivedId } from '../ids.js';
import { storable } from '../storable-text.js';
import { takeInDeadLetters, type DeadLetter } from './dead-letters.js';

/**
 * Keeps a dead letter whatever it holds: with all of it, or with its body and no more, or, where PostgreSQL does not take
 * even that, with the hash and the size of its body. Taking it in twice is taking it in once.
 *
 * @throws what PostgreSQL says when it is away; it never refuses for good.
 */
export async function keepDeadLetter(manager: EntityManager, letter: DeadLetter): Promise<void> {
  const fault = await faultOf(manager, letter);
  if (!fault) return;
  const bare = bareLetter(letter, fault);
  if (await faultOf(manager, bare)) await takeInDeadLetters(manager, [withoutBody(bare)]);
}

/** The id of a letter that is known by its message alone: by its bytes, and what else tells it from others. */
export const idOfBytes = (body: Buffer, ...names: readonly string[]): string =>
  derivedId(createHash('sha256').update(JSON.stringify(names)).update('\0').update(body).digest('hex'));

/** What a letter is reduced to when PostgreSQL refuses it after all: its bytes, which nearly always fit, and why. */
function bareLetter({ id, body }: DeadLetter, refusal: Error): DeadLetter {
  const message = storable(
    `PostgreSQL refused it as it was (${refusal.message.slice(0, 1_000)}); only its body was kept.`,
  );
  const error = { name: 'Error', message };
  return { id, body, parkedAt: new Date(), queue: 'unknown', reason: 'unstorable', error, headers: {} };
}

function withoutBody(letter: DeadLetter): DeadLetter {
  const sha256 = createHash('sha256').update(letter.body).digest('hex');
  const message = `PostgreSQL took neither the message nor its body alone: ${letter.body.length} bytes, SHA-256 ${sha256}.`;
  return { ...letter, body: Buffer.alloc(0), error: { name: 'Error', message } };
}

async function faultOf(manager: EntityManager, letter: DeadLetter): Promise<Error | undefined> {
  try {
    await takeInDeadLetters(manager, [letter]);
    return undefined;
  } catch (error) {
    if (!isDataFault(error)) throw error;
    return error as Error;
  }
}
