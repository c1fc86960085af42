import { createHash, verify, type KeyObject } from 'node:crypto';

export interface VerifiedSignature {
  /** Whether the hash of the body and the signature of the headers are right. */
  readonly body: boolean;
  readonly headers: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of the signed headers, in lower case. */
  readonly signed: readonly string[];
}

/** Verifies the DKIM signature of a message as RFC 6376 says, for `relaxed/relaxed` and `rsa-sha256`. */
export function verifyDkim(raw: string, publicKey: KeyObject): VerifiedSignature {
  const end = raw.indexOf('\r\n\r\n');
  const fields = raw.slice(0, end).split(/\r\n(?![ \t])/);
  const signature = fields.find((field) => /^dkim-signature:/i.test(field)) ?? '';
  const tags = tagsOf(signature.slice(signature.indexOf(':') + 1));
  const signed = (tags['h'] ?? '').toLowerCase().split(':');
  const unsigned = relaxedHeader(signature.replace(/([;\s]b=)[^;]*/, '$1'));
  const content = [...chosen(fields, signed).map((field) => `${relaxedHeader(field)}\r\n`), unsigned].join('');
  const hash = createHash('sha256')
    .update(relaxedBody(raw.slice(end + 4)))
    .digest('base64');
  return {
    tags,
    signed,
    body: tags['c'] === 'relaxed/relaxed' && tags['a'] === 'rsa-sha256' && hash === tags['bh'],
    headers: verify('RSA-SHA256', Buffer.from(content), publicKey, Buffer.from(tags['b'] ?? '', 'base64')),
  };
}

function tagsOf(text: string): Record<string, string> {
  const pairs = text.split(';').map((tag) => tag.replaceAll(/\s/g, ''));
  return Object.fromEntries(
    pairs.filter(Boolean).map((tag) => [tag.split('=', 1)[0], tag.slice(tag.indexOf('=') + 1)]),
  );
}

/** Of a header that is there twice the last one first. */
function chosen(fields: readonly string[], names: readonly string[]): string[] {
  const left = [...fields];
  return names.flatMap((name) => {
    const at = left.findLastIndex((field) => field.slice(0, field.indexOf(':')).trim().toLowerCase() === name);
    return at < 0 ? [] : left.splice(at, 1);
  });
}

function relaxedHeader(field: string): string {
  const at = field.indexOf(':');
  const value = field
    .slice(at + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim();
  return `${field.slice(0, at).trim().toLowerCase()}:${value}`;
}

function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''));
  return `${lines.join('\r\n').replace(/(\r\n)*$/, '')}\r\n`;
}
