import { unsubscribePath, unsubscribePurpose, type Locale, type UnsubscribeClaim } from '@mentorhub/contracts';
import { SealedTokens, type PayloadKeys } from '@mentorhub/service';

/** Builds the links that unsubscribe an address by one click; the gateway serves them. */
export class UnsubscribeLinks {
  private readonly tokens: SealedTokens;

  /** @param apiUrl PUBLIC_API_URL: where the gateway is reached, maybe with a path below which it lives. */
  constructor(
    private readonly apiUrl: string,
    keys: PayloadKeys,
  ) {
    this.tokens = new SealedTokens(keys, unsubscribePurpose);
  }

  /** @param locale of the page that it leads to. */
  linkFor(claim: UnsubscribeClaim, locale: Locale): string {
    const link = new URL(this.apiUrl);
    link.pathname = `${link.pathname.replace(/\/+$/, '')}${unsubscribePath}`;
    link.search = new URLSearchParams({ token: this.tokens.seal(claim), lang: locale }).toString();
    link.hash = '';
    return link.href;
  }
}
