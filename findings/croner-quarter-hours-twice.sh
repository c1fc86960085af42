#!/usr/bin/env bash
# croner 11.0.1 and cron-parser 5.10.6: `*/15 2 * * *` in Europe/Berlin on 2026-10-25, which has the hour from 2 to 3 twice.
# croner fires in both of them, eight times; cron-parser in one of them alone, four times. The same line in a schedule so
# means another number of runs after a change of the library.
# Seen: croner 8, cron-parser 4
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact croner@11.0.1 cron-parser@5.10.6 >/dev/null
cat >run.mjs <<'JS'
import { Cron } from 'croner';
import { CronExpressionParser } from 'cron-parser';
const [line, timezone] = ['*/15 2 * * *', 'Europe/Berlin'];
const [midnight, nextMidnight] = [new Date('2026-10-24T22:00:00Z'), new Date('2026-10-25T23:00:00Z')];
const ofCroner = new Cron(line, { timezone, paused: true }).nextRuns(20, midnight);
const parsed = CronExpressionParser.parse(line, { tz: timezone, currentDate: midnight });
const ofCronParser = parsed.take(20).map((date) => date.toDate());
const thatDay = (dates) => dates.filter((date) => date < nextMidnight).length;
console.log(`croner ${thatDay(ofCroner)}, cron-parser ${thatDay(ofCronParser)}`);
JS
seen=$(node run.mjs); echo "$seen"
[ "$seen" = 'croner 8, cron-parser 4' ] || { echo 'The behaviour has changed.'; exit 1; }
