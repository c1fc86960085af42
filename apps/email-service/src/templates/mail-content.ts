/** What a template makes; the mailer adds the rest. */
export interface MailContent {
  /** One line. */
  subject: string;
  /** The plain-text alternative: nothing in it is escaped. */
  text: string;
  /** A whole HTML document. */
  html: string;
  headers?: Record<string, string>;
  /** With a `cid`, a picture that the HTML shows as `cid:…`. */
  attachments?: { filename: string; contentType: string; content: string | Buffer; cid?: string }[];
}
