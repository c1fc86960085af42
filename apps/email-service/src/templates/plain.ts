import { markup } from './markup.js';
import type { MailContent } from './mail-content.js';
import { paragraph, paragraphsOf, renderPage } from './page.js';

/** Any mail made of plain text: `content` is shown as it is, blank lines part paragraphs. Its language is not known. */
export function renderPlain({ subject, content }: { subject: string; content: string }): MailContent {
  const paragraphs = paragraphsOf(content);
  const body = markup`${paragraphs.map(paragraph)}`;
  const [preheader = ''] = paragraphs;
  const page = renderPage({ language: '', title: subject, preheader, body, footer: markup`MentorHub` });
  return { subject, text: content, html: page };
}
