import { simpleParser, type AddressObject, type Attachment } from 'mailparser';

/** A mail as it arrived, parsed. */
export interface ReceivedMail {
  from: string;
  /** Addresses of the To header. */
  to: string[];
  subject: string;
  /** The text/plain part; '' when there is none. */
  text: string;
  /** The text/html part; '' when there is none. */
  html: string;
  /** With its angle brackets. */
  messageId: string;
  /** Unparsed values by lower-case name; of a repeated header the first. */
  headers: Record<string, string>;
  attachments: { filename: string; contentType: string; content: Buffer }[];
  /** What MAIL FROM and RCPT TO said. */
  envelope: { from: string; to: string[] };
  /** Whether it came over TLS. */
  secure: boolean;
  /** The whole message as it came over the wire. */
  raw: string;
  /** When it was accepted, in milliseconds of `performance.now()`. */
  receivedAt: number;
}

type Circumstances = Pick<ReceivedMail, 'envelope' | 'secure'>;

const empty = { from: '', to: [], subject: '', text: '', html: '', headers: {}, attachments: [], raw: '' };

/** Reads nothing of a message but its Message-ID. */
export function skimMail(raw: Buffer, circumstances: Circumstances): ReceivedMail {
  const messageId = /^message-id:\s*(<[^>]*>)/im.exec(raw.toString('latin1'))?.[1] ?? '';
  return { ...empty, ...circumstances, messageId, receivedAt: performance.now() };
}

/** Parses one message. */
export async function parseMail(raw: Buffer, { envelope, secure }: Circumstances): Promise<ReceivedMail> {
  const receivedAt = performance.now();
  const mail = await simpleParser(raw);
  return {
    from: addresses(mail.from)[0] ?? '',
    to: addresses(mail.to),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    messageId: mail.messageId ?? '',
    headers: headersOf(mail.headerLines),
    attachments: mail.attachments.map(attachmentOf),
    envelope,
    secure,
    raw: raw.toString('utf8'),
    receivedAt,
  };
}

function addresses(header: AddressObject | AddressObject[] | undefined): string[] {
  return [header ?? []].flat().flatMap((list) => list.value.flatMap(({ address }) => address ?? []));
}

function headersOf(lines: ReadonlyArray<{ key: string; line: string }>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { key, line } of lines) headers[key] ??= unfolded(line.slice(line.indexOf(':') + 1));
  return headers;
}

function unfolded(value: string): string {
  return value.replace(/\r?\n[ \t]+/g, ' ').trim();
}

function attachmentOf({ filename = '', contentType, content }: Attachment): ReceivedMail['attachments'][number] {
  return { filename, contentType, content };
}
