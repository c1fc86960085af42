import { connectionsToClose, databaseFaultOf, isDatabaseAway } from './index.js';

const failure = (code: string, message = 'from PostgreSQL', severity = 'ERROR') =>
  Object.assign(new Error(message), { code, severity });

describe('What a fault of the database means', () => {
  it.each([
    ['away', 'ECONNREFUSED ENETUNREACH EHOSTUNREACH ENOTFOUND EAI_AGAIN 08004 57P03 53100 53300 58000 58030'],
    ['ended', 'ECONNRESET ETIMEDOUT EPIPE 08006 57P01 57P02 57P05 25P03 25P04'],
    ['read-only', '25006'],
    ['collided', '40001 40P01'],
    ['hindered', '55P03 57014 53000 53200 53400 58P01'],
    [undefined, '23505 22P05 42P01 25P02 0A000 26000 28P01 3D000 08P01 EMFILE'],
  ])('is %s for %s', (fault, codes) => {
    for (const code of codes.split(' ')) expect([code, databaseFaultOf(failure(code))]).toEqual([code, fault]);
  });

  it.each([
    ['cached plan must not change result type', '0A000'],
    ['prepared statement "mh_claim" does not exist', '26000'],
    ['prepared statement "mh_claim" already exists', '42P05'],
  ])('is a stale connection for “%s”', (message, code) => {
    expect(databaseFaultOf(failure(code, message))).toBe('stale');
  });

  it.each([
    ['ended', 'FATAL', 'server conn crashed?'],
    ['ended', 'FATAL', 'query_wait_timeout'],
    [undefined, 'FATAL', 'unsupported startup parameter: statement_timeout'],
    [undefined, 'FATAL', 'no such database: nowhere'],
    [undefined, 'ERROR', 'bind message supplies 1 parameters, but prepared statement "" requires 2'],
  ])('is %s for a protocol violation that is %s: %s', (fault, severity, message) => {
    expect(databaseFaultOf(failure('08P01', message, severity))).toBe(fault);
  });

  it.each([
    ['pool-busy', 'timeout exceeded when trying to connect'],
    ['away', 'Connection terminated due to connection timeout'],
    ['ended', 'Connection terminated unexpectedly'],
    ['ended', 'Query runner already released. Cannot run queries anymore.'],
    ['away', 'Cannot use a pool after calling end on the pool'],
    [undefined, 'Something else.'],
  ])('is %s when the driver says “%s”', (fault, message) => {
    expect(databaseFaultOf(new Error(message))).toBe(fault);
  });

  it('is an absent database whenever there was no connection to be had, whatever the reason', () => {
    const error = Object.assign(new Error('password authentication failed'), { name: 'DatabaseUnreachableError' });
    expect(databaseFaultOf(Object.assign(error, { code: '28P01' }))).toBe('away');
  });

  it('is a pool that is busy when a process has too many tasks to write', () => {
    expect(databaseFaultOf(Object.assign(new Error('Try again later.'), { name: 'OverloadError' }))).toBe('pool-busy');
  });

  it.each([undefined, null, 'text', { code: 42 }])('is nothing for %p', (thrown) => {
    expect(databaseFaultOf(thrown)).toBeUndefined();
    expect(isDatabaseAway(thrown)).toBe(false);
  });

  it('closes every connection to a server that takes no writes, one that was ended, and none for a mere refusal', () => {
    expect(connectionsToClose(failure('25006'))).toBe('all');
    expect(connectionsToClose(failure('57P01'))).toBe('one');
    expect(connectionsToClose(failure('40P01'))).toBe('none');
    expect(connectionsToClose(failure('23505'))).toBe('none');
  });
});
