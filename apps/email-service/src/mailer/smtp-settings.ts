/** Where mail is handed over, read from SMTP_URL. */
export interface SmtpSettings {
  host: string;
  port: number;
  /** `implicit`: TLS from the first byte; `starttls`: required; `none`: plain text, STARTTLS is not tried. */
  tls: 'implicit' | 'starttls' | 'none';
  /** False: any certificate will do. */
  verifyCertificate: boolean;
  credentials?: { user: string; password: string };
}

const defaultPorts = { implicit: 465, starttls: 587, none: 25 };
const knownOptions = ['ignoreTLS', 'tls.rejectUnauthorized'];

/**
 * Reads `smtp://user:password@host:587` (STARTTLS required) or `smtps://host:465` (TLS from the start). Plain text has
 * to be asked for: `smtp://127.0.0.1:1025?ignoreTLS=true`. A self-signed certificate is taken with
 * `?tls.rejectUnauthorized=false`.
 *
 * @throws Error with a sentence that never repeats the URL, since it holds a password
 */
export function readSmtpUrl(url: string): SmtpSettings {
  const parsed = URL.parse(url);
  if (!parsed || !['smtp:', 'smtps:'].includes(parsed.protocol) || !parsed.hostname) {
    throw new Error("SMTP_URL is not usable: write it as 'smtp://user:password@host:587' (or smtps:).");
  }
  const options = readOptions(parsed.searchParams);
  const tls = parsed.protocol === 'smtps:' ? 'implicit' : options.ignoreTls ? 'none' : 'starttls';
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port) || defaultPorts[tls],
    tls,
    verifyCertificate: options.verifyCertificate,
    ...credentialsOf(parsed),
  };
}

function readOptions(options: URLSearchParams): { ignoreTls: boolean; verifyCertificate: boolean } {
  const unknown = [...options.keys()].find((name) => !knownOptions.includes(name));
  if (unknown)
    throw new Error(`SMTP_URL has the option '${unknown}', which is not known: use ${knownOptions.join(' or ')}.`);
  const wrong = [...options].find(([, value]) => !['true', 'false'].includes(value));
  if (wrong) throw new Error(`SMTP_URL's option '${wrong[0]}' has to be true or false.`);
  return {
    ignoreTls: options.get('ignoreTLS') === 'true',
    verifyCertificate: options.get('tls.rejectUnauthorized') !== 'false',
  };
}

function credentialsOf({ username, password }: URL): Pick<SmtpSettings, 'credentials'> {
  if (!username) return {};
  return { credentials: { user: decodeURIComponent(username), password: decodeURIComponent(password) } };
}
