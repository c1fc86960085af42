import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * The keys of this folder's `npm start`: made once, readable by this user alone, kept until `npm run reset`, because the
 * payload key must decrypt what the last start encrypted.
 *
 * @returns {{apiKey: string, payloadKey: string}} `payloadKey` is 32 bytes in base64
 */
export function keptSecrets(file) {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const secrets = { apiKey: `mh_${randomBytes(24).toString('hex')}`, payloadKey: randomBytes(32).toString('base64') };
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** What the services are told of an API key, so that they never hold the key itself. */
export const hashOf = (apiKey) => createHash('sha256').update(apiKey).digest('hex');
