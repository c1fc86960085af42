/** Builds the links of mails. */
export class SiteLinks {
  /** @param siteUrl PUBLIC_SITE_URL: `https://` and a host, maybe with a path below which the site lives. */
  constructor(private readonly siteUrl: string) {}

  verifyEmail(token: string): string {
    return this.to('verify-email', { token });
  }

  resetPassword(token: string): string {
    return this.to('reset-password', { token });
  }

  session(id: string): string {
    return this.to(`sessions/${encodeURIComponent(id)}`);
  }

  private to(page: string, query: Record<string, string> = {}): string {
    const link = new URL(this.siteUrl);
    link.pathname = `${link.pathname.replace(/\/+$/, '')}/${page}`;
    link.search = new URLSearchParams(query).toString();
    link.hash = '';
    return link.href;
  }
}
