import { judge } from './judge.mjs';

const database = { contract: 'chaos.write', story: 'quick' };
const mail = { contract: 'chaos.mail', story: 'quick' };
const mailOnce = { contract: 'chaos.mail-once', story: 'quick' };
const light = { contract: 'chaos.ping', story: 'quick' };
const failing = { ...database, story: 'fails-for-ever' };
const revoked = (spec) => ({ ...spec, story: 'revoked', revoke: { afterMs: 0 } });
const expiring = (spec) => ({ ...spec, story: 'expiring', expiresSeconds: 1 });

/** One task, told by what became of it. */
function ledgerOf(spec, { state, rows, mails, unclear, answer, letters, error, name = spec.contract }) {
  const given = (value) => new Map(value === undefined ? [] : [['id', value]]);
  const { counts, faults } = judge({
    accepted: new Map([['id', spec]]),
    tasks: given(state && { state, name, error }),
    rows: given(rows),
    mails: given(mails && Array.from({ length: mails }, () => '<id@chaos.test>')),
    ambiguous: given(unclear),
    revocations: given(answer),
    deadLetters: given(letters),
  });
  expect(faults.length).toBe(counts.lost + counts.doubled + counts.wrong);
  return counts;
}

const clean = { lost: 0, doubled: 0, wrong: 0 };
const parked = ['failed'];

describe('The judge finds nothing wrong with', () => {
  it.each([
    ['a database task and its one row', database, { state: 'succeeded', rows: 1 }],
    ['an external task and its one mail', mail, { state: 'succeeded', mails: 1 }],
    ['a light task that ran twice', light, { state: 'succeeded', rows: 2 }],
    ['a second mail after a call that nobody knows of', mail, { state: 'succeeded', mails: 2, unclear: 1 }],
    ['a call that nobody knows of and that did not happen', mail, { state: 'succeeded', mails: 1, unclear: 1 }],
    ['a task that failed as it was told to', failing, { state: 'failed', letters: parked }],
    ['an unclear call that was parked', mailOnce, { state: 'failed', mails: 1, unclear: 1, letters: ['ambiguous'] }],
    [
      'an unclear call whose task was then revoked',
      revoked(mail),
      { state: 'revoked', mails: 1, unclear: 1, answer: 'revoked' },
    ],
    ['a task revoked before it ran', revoked(database), { state: 'revoked', answer: 'revoked' }],
    ['a task that ended before it was revoked', revoked(database), { state: 'succeeded', rows: 1, answer: 'ended' }],
    ['a call that was cut off', revoked(mail), { state: 'revoked', mails: 1, answer: 'revoking' }],
    ['a task that expired', expiring(database), { state: 'expired' }],
    ['a light task that ran, and expired when it came again', expiring(light), { state: 'expired', rows: 1 }],
  ])('%s', (_, spec, seen) => expect(ledgerOf(spec, seen)).toMatchObject(clean));
});

describe('The judge calls lost', () => {
  it.each([
    ['a task that nobody knows', database, {}],
    ['a task that has not ended', database, { state: 'queued' }],
    ['a success without its row', database, { state: 'succeeded' }],
    ['a success without its mail', mail, { state: 'succeeded', rows: 1 }],
    ['a success of a light task without effect', light, { state: 'succeeded' }],
  ])('%s', (_, spec, seen) => expect(ledgerOf(spec, seen)).toMatchObject({ lost: 1, doubled: 0, wrong: 0 }));
});

describe('The judge calls doubled', () => {
  it.each([
    ['two rows', database, { state: 'succeeded', rows: 2 }],
    ['two rows of a task that failed in the end', failing, { state: 'failed', rows: 2, letters: parked }],
    ['two mails', mail, { state: 'succeeded', mails: 2 }],
    [
      'a second mail that was not to be sent again, though its call was unclear',
      mailOnce,
      { state: 'failed', mails: 2, unclear: 1, letters: ['ambiguous'] },
    ],
    ['more copies than there were unclear calls', mail, { state: 'succeeded', mails: 3, unclear: 1 }],
  ])('%s', (_, spec, seen) => expect(ledgerOf(spec, seen)).toMatchObject({ lost: 0, doubled: 1, wrong: 0 }));
});

describe('The judge calls wrong', () => {
  it.each([
    ['a row of a task that was rolled back', failing, { state: 'failed', rows: 1, letters: parked }],
    ['an effect of what was answered to be revoked', revoked(light), { state: 'revoked', rows: 1, answer: 'revoked' }],
    ['a success after that answer', revoked(database), { state: 'succeeded', rows: 1, answer: 'revoked' }],
    ['an effect of a task that expired', expiring(database), { state: 'expired', rows: 1 }],
    ['a mail of a task that expired', expiring(mail), { state: 'expired', mails: 1 }],
    ['a failure that nobody asked for', database, { state: 'failed', letters: parked, error: 'PoisonError' }],
    ['a success against its handler', failing, { state: 'succeeded', rows: 1 }],
    ['an expiry that nobody asked for', database, { state: 'expired' }],
    ['a revocation that nobody asked for', database, { state: 'revoked' }],
    ['a failure that was not parked', failing, { state: 'failed' }],
    ['a dead letter of a task that succeeded', database, { state: 'succeeded', rows: 1, letters: ['poison'] }],
  ])('%s', (_, spec, seen) => expect(ledgerOf(spec, seen)).toMatchObject({ lost: 0, doubled: 0, wrong: 1 }));

  const nothing = { accepted: new Map(), rows: new Map(), mails: new Map(), ambiguous: new Map() };
  const empty = { ...nothing, tasks: new Map(), revocations: new Map(), deadLetters: new Map() };

  it('a task and a mail of ids that were never told, but not a light task without a row', () => {
    const told = (name) => new Map([['stranger', { state: 'succeeded', name }]]);
    expect(judge({ ...empty, tasks: told('chaos.write') }).counts.wrong).toBe(1);
    expect(judge({ ...empty, mails: new Map([['stranger', ['<x@y>']]]) }).counts.wrong).toBe(1);
    expect(judge({ ...empty, tasks: told('chaos.ping'), rows: new Map([['stranger', 1]]) }).counts.wrong).toBe(0);
  });

  it('copies of a mail that cannot be recognised as such', () => {
    const accepted = new Map([['id', mail]]);
    const tasks = new Map([['id', { state: 'succeeded', name: 'chaos.mail' }]]);
    const mails = new Map([['id', ['<a@chaos.test>', '<b@chaos.test>']]]);
    const { counts } = judge({ ...empty, accepted, tasks, mails, ambiguous: new Map([['id', 1]]) });
    expect(counts).toMatchObject({ lost: 0, doubled: 0, wrong: 1, ambiguous: 1 });
  });
});

it('counts how the tasks ended, and the copies that are explained', () => {
  expect(ledgerOf(mail, { state: 'succeeded', mails: 2, unclear: 1 })).toEqual({
    accepted: 1,
    succeeded: 1,
    failed: 0,
    revoked: 0,
    expired: 0,
    lost: 0,
    doubled: 0,
    wrong: 0,
    ambiguous: 1,
  });
});
