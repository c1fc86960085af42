/**
 * The ledger of a run, from what there is: the states that the platform tells and the effects that can be counted.
 *
 * - `lost`: an accepted task that has not ended, or has ended as succeeded without its effect.
 * - `doubled`: an effect more often than once. Light tasks may repeat theirs. A mail that is to be sent again when nobody knows
 *   may have as many more copies as the runtime recorded such calls; those are `ambiguous`. One that is to be parked then has none.
 * - `wrong`: everything else that contradicts what was promised: an effect of a task that failed, was revoked or expired,
 *   a failure that nobody asked for, a task that nobody accepted, a dead letter too many or too few.
 *
 * @param evidence {accepted: Map id → spec, tasks: Map id → {state, name, error}, rows: Map id → count,
 *   mails: Map id → Message-IDs, ambiguous: Map id → count, revocations: Map id → answer, deadLetters: Map id → reasons}
 * @returns {{counts: object, faults: {kind: string, id: string, why: string}[]}}
 */
export function judge(evidence) {
  const counts = { accepted: evidence.accepted.size, succeeded: 0, failed: 0, revoked: 0, expired: 0 };
  const faults = [];
  let ambiguous = 0;
  for (const [id, spec] of evidence.accepted) {
    const seen = findings(evidence, id, spec);
    if (seen.state in counts) counts[seen.state] += 1;
    ambiguous += Math.max(0, seen.copies - 1);
    const fault = faultOf(seen);
    if (fault) faults.push({ id, kind: fault[0], why: `${spec.contract} (${spec.story}) ${fault[1]}` });
  }
  faults.push(...strangers(evidence));
  const many = (kind) => faults.filter((fault) => fault.kind === kind).length;
  const verdict = { lost: many('lost'), doubled: many('doubled'), wrong: many('wrong'), ambiguous };
  return { counts: { ...counts, ...verdict }, faults };
}

function findings({ tasks, rows, mails, ambiguous, revocations, deadLetters }, id, spec) {
  const { state = 'unknown', error } = tasks.get(id) ?? {};
  const sent = mails.get(id) ?? [];
  return {
    spec,
    state,
    error,
    external: spec.contract.startsWith('chaos.mail'),
    light: spec.contract === 'chaos.ping',
    rows: rows.get(id) ?? 0,
    copies: sent.length,
    messageIds: new Set(sent),
    unclear: ambiguous.get(id) ?? 0,
    answer: revocations.get(id),
    letters: deadLetters.get(id) ?? [],
  };
}

const isParkedWhenUnclear = ({ contract }) => contract === 'chaos.mail-once';

const ends = ['succeeded', 'failed', 'revoked', 'expired'];

/** The first of the rules that a task breaks. */
function faultOf(seen) {
  if (!ends.includes(seen.state)) return ['lost', `was accepted and is ${seen.state}`];
  const effects = seen.external ? seen.copies : seen.rows;
  if (seen.state === 'succeeded' && effects === 0) return ['lost', 'succeeded without its effect'];
  return tooOften(seen) ?? againstItsEnd(seen, effects) ?? againstItsStory(seen) ?? againstItsLetters(seen);
}

function tooOften({ spec, external, light, rows, copies, unclear, messageIds }) {
  if (!external && !light && rows > 1) return ['doubled', `wrote ${rows} rows`];
  if (isParkedWhenUnclear(spec) && copies > 1)
    return ['doubled', `sent ${copies} mails, though it is never sent again`];
  if (copies > 1 + unclear) return ['doubled', `sent ${copies} mails with ${unclear} calls unclear`];
  if (messageIds.size > 1) return ['wrong', `sent copies under ${messageIds.size} Message-IDs`];
  return undefined;
}

function againstItsEnd(seen, effects) {
  const { state, external, light, answer, unclear } = seen;
  if (effects === 0 || state === 'succeeded') return undefined;
  // A call of which nobody knows may have happened, also when its task was revoked, for certain, before the next attempt.
  if (external && effects <= unclear) return undefined;
  if (answer === 'revoked') return ['wrong', `was answered to be revoked and had ${effects} effects`];
  // What a light task did is not undone when its end is lost and the next delivery comes to another.
  if (light) return undefined;
  // A call that was cut off, or whose answer was lost, may have happened.
  const cutOff = state === 'revoked' && answer === 'revoking' ? 1 : 0;
  if (external && effects <= unclear + cutOff) return undefined;
  return ['wrong', `ended as ${state} and had ${effects} effects`];
}

const maySucceed = ({ story }) => !['fails-for-ever', 'fails-permanently', 'poison'].includes(story);
const mayFail = ({ story }) => ['fails-for-ever', 'fails-permanently', 'poison'].includes(story);

function againstItsStory({ spec, state, error, answer, unclear }) {
  if (state === 'succeeded' && answer === 'revoked') return ['wrong', 'was answered to be revoked and succeeded'];
  if (state === 'succeeded' && isParkedWhenUnclear(spec) && unclear > 0)
    return ['wrong', 'succeeded though a call of it was unclear'];
  if (state === 'succeeded' && !maySucceed(spec)) return ['wrong', 'succeeded against its handler'];
  if (state === 'expired' && !spec.expiresSeconds) return ['wrong', 'expired without an expiry'];
  if (state === 'revoked' && !spec.revoke) return ['wrong', 'was revoked by nobody'];
  if (state !== 'failed' || mayFail(spec)) return undefined;
  if (isParkedWhenUnclear(spec) && unclear > 0) return undefined;
  return ['wrong', `failed for no reason of its own: ${error}`];
}

function againstItsLetters({ state, letters }) {
  if (state === 'failed' && letters.length === 0) return ['wrong', 'failed and was not parked'];
  if (state !== 'failed' && letters.length > 0) return ['wrong', `ended as ${state} and was parked as ${letters}`];
  return undefined;
}

/**
 * Tasks and effects of ids that no gateway ever told. Only a light task that was published without a row may be one: its
 * answer got lost, and the request was repeated.
 */
function strangers({ accepted, tasks, rows, mails, deadLetters }) {
  const names = (id) => tasks.get(id)?.name ?? 'chaos.ping';
  const ids = new Set([...tasks.keys(), ...rows.keys(), ...mails.keys(), ...deadLetters.keys()]);
  return [...ids]
    .filter((id) => !accepted.has(id) && (names(id) !== 'chaos.ping' || mails.has(id)))
    .map((id) => ({ kind: 'wrong', id, why: `${names(id)} was accepted by nobody` }));
}
