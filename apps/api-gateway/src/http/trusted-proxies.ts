import { isIP } from 'node:net';
import { z } from 'zod';

/** The variable TRUST_PROXY: `false`, or the addresses and networks of the proxies. */
export function trustedProxies() {
  return z
    .string()
    .transform((text, context): false | string[] => {
      if (text === 'false') return false;
      const networks = text.split(',').map((network) => network.trim());
      if (networks.every(isNetwork)) return networks;
      context.addIssue({ code: 'custom', message: 'it is neither false nor a list of addresses and networks' });
      return z.NEVER;
    })
    .default(false)
    .describe('false, or the addresses of the proxies in front, such as 10.0.0.0/8, separated by commas');
}

/** "true" and a number of hops are refused on purpose: then anyone could claim any address. */
function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits ?? 0) <= (version === 4 ? 32 : 128);
}
