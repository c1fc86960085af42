import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { PayloadKeys } from '../config/payload-keys.js';

const ivBytes = 12;
const tagBytes = 16;
const longest = 2_048;

/**
 * Texts for links that leave the platform and come back: nobody else can read, change or make them. They are encrypted and
 * authenticated by AES-256-GCM, with keys derived from PAYLOAD_KEYS for one `purpose`, so that a token made for another one
 * is refused. They have no end of their own: a token holds for as long as its key is in PAYLOAD_KEYS.
 *
 * @example
 * const tokens = new SealedTokens(config.PAYLOAD_KEYS, 'unsubscribe');
 * tokens.open(tokens.seal({ email })); // { email }
 * tokens.open('made up'); // undefined
 */
export class SealedTokens {
  private readonly activeId: string;
  private readonly keys: ReadonlyMap<string, Buffer>;

  constructor({ activeId, keys }: PayloadKeys, purpose: string) {
    const derived = (key: Buffer) => Buffer.from(hkdfSync('sha256', key, '', `mentorhub ${purpose}`, 32));
    this.activeId = activeId;
    this.keys = new Map([...keys].map(([id, key]) => [id, derived(key)]));
  }

  /** @param value what JSON can carry. Of letters, digits, `-`, `_` and `.` only: it stands in a URL as it is. */
  seal(value: unknown): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.keys.get(this.activeId)!, iv, { authTagLength: tagBytes });
    const sealed = [iv, cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${Buffer.concat(sealed).toString('base64url')}.${this.activeId}`;
  }

  /** What was sealed; undefined when it was not sealed by us for this purpose, or was changed, or its key is gone. */
  open(token: string): unknown {
    const [, sealed, id] = /^([A-Za-z0-9_-]+)\.([\w.-]{1,32})$/.exec(token.slice(0, longest)) ?? [];
    const key = id === undefined ? undefined : this.keys.get(id);
    if (sealed === undefined || key === undefined) return undefined;
    const bytes = Buffer.from(sealed, 'base64url');
    // Base64 has several spellings of the same bytes; a token has one.
    if (bytes.length <= ivBytes + tagBytes || bytes.toString('base64url') !== sealed) return undefined;
    return opened(bytes, key);
  }
}

function opened(bytes: Buffer, key: Buffer): unknown {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const plain = decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(plain);
  } catch {
    return undefined; // not authentic
  }
}
