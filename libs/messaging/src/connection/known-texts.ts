const slots = 512;
const longest = 64;

/**
 * Texts that come with every message (names of queues, tasks and headers): each is made once, and recognised by its bytes
 * afterwards, which costs less and leaves no garbage. It keeps one text for each of its slots.
 */
export class KnownTexts {
  private readonly texts: (string | undefined)[] = Array.from({ length: slots });

  /** The text of the bytes, in UTF-8. */
  read(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > longest) return bytes.toString('utf8', from, to);
    let hash = length;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at]!;
      if (byte > 127) return bytes.toString('utf8', from, to);
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const slot = (hash ^ (hash >>> 9)) & (slots - 1);
    const known = this.texts[slot];
    if (known !== undefined && known.length === length && isSame(known, bytes, from)) return known;
    const text = bytes.toString('latin1', from, to);
    this.texts[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}
