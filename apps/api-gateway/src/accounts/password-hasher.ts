import { randomBytes, scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { tryAgainLater } from '../problems/problem.js';

const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** 32 MiB and about 0.2 s for each hash. */
const logCost = 15;
const blockSize = 8;
const parallelization = 3;

export interface HashingLimits {
  /** Hashes under way; they share libuv's four threads with DNS and files. Default 2. */
  readonly atOnce: number;
  /** Hashes that may wait for their turn. Default 50. */
  readonly waiting: number;
}

/** Hashes passwords by scrypt, a few at a time, so that many requests cost time but neither memory nor all threads. */
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: HashingLimits = { atOnce: 2, waiting: 50 }) {}

  /**
   * The hash with its parameters and salt, as `$scrypt$ln=15,r=8,p=3$salt$hash`.
   *
   * @throws {Problem} 503 when too many wait already.
   */
  async hash(password: string): Promise<string> {
    await this.turn();
    try {
      return await hashWith(password.normalize('NFKC'), randomBytes(16));
    } finally {
      this.nextTurn();
    }
  }

  private async turn(): Promise<void> {
    if (this.running < this.limits.atOnce) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.limits.waiting)
      throw tryAgainLater('Too many passwords are being set at this moment. Try again.', 5);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Whoever waits takes the place over, so that nobody slips in between. */
  private nextTurn(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}

async function hashWith(password: string, salt: Buffer): Promise<string> {
  const memory = 128 * 2 ** logCost * blockSize;
  const options = { N: 2 ** logCost, r: blockSize, p: parallelization, maxmem: 2 * memory };
  const hash = await scryptAsync(password, salt, 32, options);
  return `$scrypt$ln=${logCost},r=${blockSize},p=${parallelization}$${base64(salt)}$${base64(hash)}`;
}

/** As password hashes write it: without padding. */
const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
