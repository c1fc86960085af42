import { renderPasswordReset, renderPlain, renderVerification, SiteLinks } from './index.js';

const links = new SiteLinks('https://mentorhub.example');
const token = 'q3-_Zk0aB7c9dE1fG2hI3jK4lM5nO6pQ7rS8tU9vW0x';
const link = links.verifyEmail(token);

describe('links of mails', () => {
  it('point to the site, with the token escaped', () => {
    expect(link).toBe(`https://mentorhub.example/verify-email?token=${token}`);
    expect(links.resetPassword('a b&c=d#e')).toBe('https://mentorhub.example/reset-password?token=a+b%26c%3Dd%23e');
  });

  it('keep the path below which the site lives', () => {
    const below = new SiteLinks('https://example.org/mentors/?old#top');
    expect(below.verifyEmail('t')).toBe('https://example.org/mentors/verify-email?token=t');
  });
});

describe('the verification mail', () => {
  const english = renderVerification({ username: 'Ann', link, locale: 'en' });
  const russian = renderVerification({ username: 'Аня', link, locale: 'ru' });

  it('says in English what to do, where, and how long the link holds', () => {
    expect(english.subject).toBe('Confirm your e-mail address');
    for (const form of [english.text, english.html]) {
      expect(form).toContain('Hello Ann,');
      expect(form).toContain(link);
      expect(form).toContain('24 hours');
    }
    expect(english.html).toMatch(/<html lang="en">/);
  });

  it('says the same in Russian', () => {
    expect(russian.subject).toBe('Подтвердите адрес электронной почты');
    for (const form of [russian.text, russian.html]) {
      expect(form).toContain('Здравствуйте, Аня!');
      expect(form).toContain(link);
      expect(form).toContain('24 часа');
    }
    expect(russian.html).toMatch(/<html lang="ru">/);
  });

  it('has a button, the link to copy below it, and a hidden line for the list of mails', () => {
    const { html } = english;
    expect(html.split(`href="${link}"`)).toHaveLength(3);
    expect(html).toContain(`>${link}</a>`);
    expect(html).toMatch(/display:none[^>]*>Confirm your e-mail address to finish signing up/);
  });

  it('shows HTML in a username as text, escaped in the HTML form and untouched in the text form', () => {
    const username = `<img src=x onerror="alert('1')">&amp;`;
    const mail = renderVerification({ username, link, locale: 'en' });
    expect(mail.html).not.toContain('<img');
    expect(mail.html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;');
    expect(mail.text).toContain(`Hello ${username},`);
  });

  it('keeps a hostile link inside its attribute', () => {
    const mail = renderVerification({ username: 'Ann', link: 'https://x.example/"><script>', locale: 'en' });
    expect(mail.html).not.toContain('<script>');
  });
});

describe('the password-reset mail', () => {
  it('has its own words in both languages', () => {
    const reset = links.resetPassword(token);
    const english = renderPasswordReset({ username: 'Ann', link: reset, locale: 'en' });
    const russian = renderPasswordReset({ username: 'Ann', link: reset, locale: 'ru' });
    expect([english.subject, russian.subject]).toEqual(['Set a new password', 'Смена пароля']);
    expect(english.text).toMatch(/1 hour[^]*stays as it is/);
    expect(russian.text).toMatch(/1 час[^]*останется прежним/);
    expect(english.html).toContain(reset);
  });
});

describe('a plain mail', () => {
  it('shows its content as it is, with paragraphs and line breaks', () => {
    const content = 'Hello <admin>,\n\none\ntwo & three';
    const mail = renderPlain({ subject: 'Report <1>', content });
    expect(mail).toMatchObject({ subject: 'Report <1>', text: content });
    expect(mail.html).toContain('Hello &lt;admin&gt;,</p>');
    expect(mail.html).toContain('one<br>two &amp; three</p>');
    expect(mail.html).toContain('<title>Report &lt;1&gt;</title>');
  });
});
