/** What a payload goes through between an object and the message's bytes: schema, encryption, JSON. */
export { PayloadCipher, type PayloadKeys } from './payload-cipher.js';
export {
  checkPayload,
  encodePayload,
  InvalidPayloadError,
  missingKeyOf,
  openPayload,
  secretsIn,
  type PayloadFault,
} from './payload-codec.js';
