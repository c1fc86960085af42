/** Builds the links of mails. */
export class SiteLinks {
  /** @param siteUrl PUBLIC_SITE_URL: `https://` and a host, maybe with a path below which the site lives. */
  constructor(private readonly siteUrl: string) {}

  verifyEmail(token: string): string {
    return this.to('verify-email', token);
  }

  resetPassword(token: string): string {
    return this.to('reset-password', token);
  }

  private to(page: string, token: string): string {
    const link = new URL(this.siteUrl);
    link.pathname = `${link.pathname.replace(/\/+$/, '')}/${page}`;
    link.search = new URLSearchParams({ token }).toString();
    link.hash = '';
    return link.href;
  }
}
