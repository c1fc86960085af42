import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Keys of 32 bytes by id. New values are encrypted with the active one; the others still decrypt older ones. */
export interface PayloadKeys {
  readonly activeId: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const prefix = 'mh1';
const ivBytes = 12;
const tagBytes = 16;

/** Encrypts single payload fields by AES-256-GCM, so that they are readable in no table, queue, dead letter or page. */
export class PayloadCipher {
  constructor(private readonly keys: PayloadKeys) {}

  /** `place` is authenticated, so that a value cannot be moved to another task or field. */
  encrypt(value: unknown, place: string): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.keys.activeId), iv, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([
      iv,
      cipher.update(JSON.stringify(value), 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return [prefix, this.keys.activeId, sealed.toString('base64'), fingerprintOf(this.key(this.keys.activeId))].join(
      ':',
    );
  }

  /** Why a value that looks encrypted cannot be decrypted with the keys of this process; undefined when they will do. */
  missingKey(text: string): string | undefined {
    const [start, keyId, sealed, fingerprint] = text.split(':');
    if (start !== prefix || keyId === undefined || sealed === undefined) return undefined;
    const key = this.keys.keys.get(keyId);
    if (!key) return noKey(keyId);
    if (fingerprint === undefined || fingerprint === fingerprintOf(key)) return undefined;
    return `PAYLOAD_KEYS has another key "${keyId}" than the one it was encrypted with; give every process the same, and a new key a new id.`;
  }

  /** @throws {Error} not encrypted by us, an unknown key, or changed or moved since. */
  decrypt(text: string, place: string): unknown {
    const [start, keyId, sealed] = text.split(':');
    if (start !== prefix || keyId === undefined || sealed === undefined) throw new Error('It is not encrypted.');
    const missing = this.missingKey(text);
    if (missing !== undefined) throw new Error(missing);
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.key(keyId), bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const plain = decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(plain);
  }

  private key(id: string): Buffer {
    const key = this.keys.keys.get(id);
    if (!key) throw new Error(noKey(id));
    return key;
  }
}

const noKey = (id: string): string => `PAYLOAD_KEYS has no key "${id}"; add the key that it was encrypted with.`;

/** Tells keys apart, and nothing of a key of 32 random bytes: so a wrong key is not taken for a value that was changed. */
const fingerprintOf = (key: Buffer): string =>
  createHmac('sha256', key).update('fingerprint of a payload key').digest('hex').slice(0, 8);
