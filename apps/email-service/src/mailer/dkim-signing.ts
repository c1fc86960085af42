import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** How mails are signed (RFC 6376). */
export interface DkimSigning {
  domainName: string;
  keySelector: string;
  privateKey: KeyObject;
  headerFieldNames: string;
}

export interface DkimOptions {
  /** DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE: all three, or all empty. */
  domain: string;
  selector: string;
  keyFile: string;
}

const leastBits = 1024;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/* One-click links count only when a signature covers both of their headers (RFC 8058). Those that are absent are left out. */
const signedHeaders = [
  ...['From', 'Reply-To', 'Subject', 'Date', 'Message-ID', 'To', 'Cc', 'MIME-Version', 'Content-Type'],
  ...['Content-Transfer-Encoding', 'Auto-Submitted', 'List-Unsubscribe', 'List-Unsubscribe-Post'],
].join(':');

/**
 * What signs each mail; undefined when nothing is configured.
 *
 * @throws Error with a sentence that names the variable
 */
export function readDkim({ domain, selector, keyFile }: DkimOptions): DkimSigning | undefined {
  const given = [domain, selector, keyFile].filter((value) => value !== '');
  if (given.length === 0) return undefined;
  if (given.length < 3) throw new Error('DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE go together: set all or none.');
  if (!isName(domain)) throw new Error('DKIM_DOMAIN is not usable: write a domain such as mentorhub.example.');
  if (!isName(selector)) throw new Error('DKIM_SELECTOR is not usable: write a name such as mail2026.');
  return {
    domainName: domain.toLowerCase(),
    keySelector: selector,
    privateKey: readKey(keyFile),
    headerFieldNames: signedHeaders,
  };
}

const isName = (text: string) => text.length <= 253 && text.split('.').every((part) => label.test(part));

function readKey(file: string): KeyObject {
  const key = parsed(contentOf(file));
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType === 'rsa' && bits >= leastBits) return key;
  throw new Error(
    `DKIM_KEY_FILE is not usable: it has to hold an RSA private key of ${leastBits} bits or more, without a passphrase, in PEM.`,
  );
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`DKIM_KEY_FILE is not usable: the file cannot be read (${code}).`, { cause: error });
  }
}

function parsed(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // its message could quote the key
  }
}
