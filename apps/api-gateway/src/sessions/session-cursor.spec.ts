import { readCursor, writeCursor } from './session-cursor.js';

const place = { startsAt: new Date('2030-01-01T13:00:00.123Z'), id: '0d6f2a51-9f0e-4c1c-8a55-6a6d7c1b2a11' };

describe('the cursor of a list of sessions', () => {
  it('brings back the place that it was made of', () => {
    expect(readCursor(writeCursor(place))).toEqual(place);
    const old = { ...place, startsAt: new Date('1969-12-31T00:00:00Z') };
    expect(readCursor(writeCursor(old))).toEqual(old);
  });

  it.each([
    '',
    'x',
    '!!',
    Buffer.from('1.2').toString('base64url'),
    Buffer.from(`${'9'.repeat(15)}.x`).toString('base64url'),
  ])('is nothing when it is %j', (cursor) => {
    expect(readCursor(cursor)).toBeUndefined();
  });
});
