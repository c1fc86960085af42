#!/usr/bin/env bash
# zod 4.6.7: `z.email()` is narrower than RFC 5321's dot-atom and wider than the rules of domain names at once. Mailboxes that
# exist are refused (`/`, `&` and `!` may stand in a local part), and a domain label that ends in a hyphen, which no registry
# gives out, is taken.
# Seen: refused: user/tag@example.com o&leary@example.com a!b@example.com; taken: ada@sub-.example.com
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact zod@4.6.7 >/dev/null
cat >run.mjs <<'JS'
import { z } from 'zod';
const addresses = ['user/tag@example.com', 'o&leary@example.com', 'a!b@example.com', 'ada@sub-.example.com'];
const taken = addresses.filter((address) => z.email().safeParse(address).success);
const refused = addresses.filter((address) => !taken.includes(address));
console.log(`refused: ${refused.join(' ')}; taken: ${taken.join(' ')}`);
JS
seen=$(node run.mjs); echo "$seen"
[ "$seen" = 'refused: user/tag@example.com o&leary@example.com a!b@example.com; taken: ada@sub-.example.com' ] || { echo 'The behaviour has changed.'; exit 1; }
