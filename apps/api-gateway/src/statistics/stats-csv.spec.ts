import type { DailyStats } from '@mentorhub/contracts';
import { statsCsv } from './stats-csv.js';

const nothing: DailyStats = {
  date: '2025-11-21',
  final: false,
  correctedAt: null,
  newUsers: 0,
  sessions: { booked: 0, cancelled: 0, held: 0 },
  coursesPublished: 0,
  mails: { sent: 0, failed: 0, byKind: {} },
};

describe('the statistics as CSV', () => {
  it('have one row a day and the same columns in each', () => {
    const something: DailyStats = {
      date: '2025-11-22',
      final: true,
      correctedAt: '2025-11-23T02:00:00.000Z',
      newUsers: 1,
      sessions: { booked: 2, cancelled: 3, held: 4 },
      coursesPublished: 5,
      mails: { sent: 6, failed: 7, byKind: { 'email.send': { sent: 6, failed: 7 } } },
    };
    expect(statsCsv([nothing, something])).toBe(
      'date,final,corrected_at,new_users,sessions_booked,sessions_cancelled,sessions_held,courses_published,' +
        'mails_sent,mails_failed,email.send sent,email.send failed\r\n' +
        '2025-11-21,false,,0,0,0,0,0,0,0,0,0\r\n' +
        '2025-11-22,true,2025-11-23T02:00:00.000Z,1,2,3,4,5,6,7,6,7\r\n',
    );
  });

  it('quote what would break a row', () => {
    const mails = { sent: 0, failed: 0, byKind: { 'email."odd", one': { sent: 0, failed: 0 } } };
    expect(statsCsv([{ ...nothing, mails }]).split('\r\n')[0]).toMatch(
      /,"email\.""odd"", one sent","email\.""odd"", one failed"$/,
    );
  });
});
