import addressparser from 'nodemailer/lib/addressparser';

/** Who mails come from. */
export interface Sender {
  name: string;
  address: string;
  /** What Message-IDs end with. */
  domain: string;
}

/**
 * Reads MAIL_FROM: `MentorHub <no-reply@mentorhub.example>` or the bare address.
 *
 * @throws Error with a sentence that says how to write it
 */
export function readSender(mailFrom: string): Sender {
  const [first, ...others] = addressparser(mailFrom, { flatten: true });
  const [, domain] = /^[^\s@]+@([a-z0-9.-]+)$/i.exec(first?.address ?? '') ?? [];
  if (!first || !domain || others.length > 0 || /\p{Cc}/u.test(mailFrom)) {
    throw new Error("MAIL_FROM is not usable: write one address, as in 'MentorHub <no-reply@mentorhub.example>'.");
  }
  return { name: first.name, address: first.address, domain: domain.toLowerCase() };
}
