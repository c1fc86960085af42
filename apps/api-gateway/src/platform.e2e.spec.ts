import { eventually } from '@mentorhub/testing';
import { adminEmail, Platform, serviceNames, tokenIn } from '../test/platform.js';

describe('The platform', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await Platform.start();
  });

  afterAll(async () => {
    await platform?.stop();
  });

  const signUp = (name: string, more: object = {}) =>
    platform.request('POST', '/v1/users', { email: `${name}@example.com`, username: name, ...more });
  const mailTo = (name: string) => platform.smtp.waitForMail(({ to }) => to.includes(`${name}@example.com`));

  it('sends a verification mail for a sign-up, whose link confirms the address once', async () => {
    const user = await signUp('ada');
    expect(user.status).toBe(201);
    const mail = await mailTo('ada');
    expect(mail.html).toContain('ada');
    const token = tokenIn(mail.text);
    expect(mail.html).toContain(token);
    expect((await platform.request('POST', '/v1/email-verifications/confirm', { token })).status).toBe(204);
    expect((await platform.request('POST', '/v1/email-verifications/confirm', { token })).status).toBe(410);
  });

  it('writes in Russian to who asked for it, and shows HTML in a username as text', async () => {
    await signUp('boris', { locale: 'ru', username: '<b>Борис</b>' });
    const mail = await mailTo('boris');
    expect(mail.text).toMatch(/[а-я]{4}/);
    expect(mail.html).toContain('&lt;b&gt;Борис');
    expect(mail.html).not.toContain('<b>Борис');
  });

  it('sets a password by the link of a reset mail, once', async () => {
    await signUp('carla');
    await mailTo('carla');
    expect((await platform.request('POST', '/v1/password-resets', { email: 'carla@example.com' })).status).toBe(202);
    const mail = await platform.smtp.waitForMail(
      ({ to, subject }) => to.includes('carla@example.com') && /password/i.test(subject),
    );
    const reset = { token: tokenIn(mail.text), password: 'correct horse battery' };
    expect((await platform.request('POST', '/v1/password-resets/confirm', reset)).status).toBe(204);
    expect((await platform.request('POST', '/v1/password-resets/confirm', reset)).status).toBe(410);
  });

  it('A1: a task accepted with 202 can be read at once, and B9: its result is waited for', async () => {
    const payload = { to: 'dora@example.com', subject: 'Hello', content: 'A line.' };
    const accepted = await platform.request('POST', '/v1/tasks', { task: 'email.send', payload });
    expect(accepted.status).toBe(202);
    expect((await platform.request('GET', `/v1/tasks/${accepted.body.id}`)).status).toBe(200);
    const result = await platform.request('GET', `/v1/tasks/${accepted.body.id}/result?wait=60`);
    expect(result).toMatchObject({
      status: 200,
      body: { state: 'succeeded', result: { messageId: expect.any(String) } },
    });
    const mail = await mailTo('dora');
    expect(mail.messageId).toContain(accepted.body.id);
  });

  it('counts a registration once per day and keeps the history of its mail', async () => {
    const user = await signUp('eva');
    const registrations = () =>
      platform.database.query<{ count: string }>(
        `SELECT sum(count) AS count FROM analytics.daily_count WHERE kind = 'users-registered'`,
      );
    const users = await platform.database.query<{ count: string }>(`SELECT count(*) FROM gateway.user_account`);
    expect(user.status).toBe(201);
    await eventually(async () => (await registrations())[0]?.count === users[0]?.count, {
      what: 'all registrations counted',
    });
  });

  it('E43: finalises a day, and sends its digest to the admins once, with a chart that the mail shows', async () => {
    const finalise = async () => {
      const task = { task: 'analytics.generate-daily-stats', payload: { date: '2025-11-22' } };
      const { body } = await platform.request('POST', '/v1/tasks', task);
      return platform.request('GET', `/v1/tasks/${body.id}/result?wait=60`);
    };
    const first = await finalise();
    expect(first.body).toMatchObject({ state: 'succeeded', result: { date: '2025-11-22', final: true } });
    const mail = await platform.smtp.waitForMail(({ to }) => to.includes(adminEmail));
    expect(mail.subject).toContain('2025-11-22');
    expect(mail.html).toContain('src="data:image/png;base64,');
    expect((await finalise()).body).toEqual(first.body);
    const read = await platform.request('GET', '/v1/stats/daily?from=2025-11-22&to=2025-11-22');
    expect(read.body.items).toEqual([first.body.result]);
    const sent = `SELECT 1 FROM tasks.task WHERE name = 'email.send-admin-notification'`;
    expect(await platform.database.query(sent)).toHaveLength(1);
  });

  it('A5, D37: accepts while the broker is away, tells readiness by role, and does the work when it is back', async () => {
    await platform.brokerLine.refuse();
    const { services } = platform.running;
    await eventually(async () => !(await services['email-service'].isReady()), { what: 'email-service to be unready' });
    const payload = { to: 'fay@example.com', subject: 'Later', content: 'When the broker is back.' };
    const accepted = await platform.request('POST', '/v1/tasks', { task: 'email.send', payload });
    expect(accepted.status).toBe(202);
    const read = await platform.request('GET', `/v1/tasks/${accepted.body.id}`);
    expect(read).toMatchObject({ status: 200, body: { state: 'queued' } });
    await platform.brokerLine.resume();
    await mailTo('fay');
    await eventually(() => services['email-service'].isReady(), { what: 'email-service to be ready again' });
  });

  it('G57: one trace spans the request, the publish, the processing and the SMTP call', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const body = { email: 'gus@example.com', username: 'gus' };
    await platform.request('POST', '/v1/users', body, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await mailTo('gus');
    // Each service exports in its own time, and a span only once it has ended.
    const one = (service: RegExp, kind: string, name: RegExp) =>
      eventually(
        () =>
          platform.traces
            .spans()
            .find(
              (span) =>
                span.traceId === traceId && service.test(span.service) && span.kind === kind && name.test(span.name),
            ),
        { what: `the ${kind} span ${name} of ${service}` },
      );
    // A row that the gateway does not publish within its lease, since it is just connecting again, is another relay's.
    const anyRelay = /./;
    const request = await one(/^api-gateway$/, 'server', /POST/);
    const send = await one(anyRelay, 'producer', /^send tasks/);
    const processing = await one(/^email-service$/, 'consumer', /^process email/);
    const smtp = await one(/^email-service$/, 'client', /^smtp/);
    expect(request.parentSpanId).toBe('b7ad6b7169203331');
    expect(processing.parentSpanId).toBe(send.spanId);
    expect(send.attributes).toMatchObject({ 'messaging.system': 'rabbitmq', 'messaging.operation.type': 'send' });
    expect(processing.attributes).toMatchObject({
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'process',
    });
    expect(smtp.attributes).toMatchObject({ 'server.address': '127.0.0.1' });
  });

  it('E44: reminds student and mentor of a session, each in their language and time zone, and again when it is moved', async () => {
    const people = [
      await signUp('ira', { fullName: 'Ира <b>', locale: 'ru', timezone: 'Europe/Moscow' }),
      await signUp('bob', { fullName: 'Bob; Smith', timezone: 'Asia/Kolkata' }),
    ];
    const [studentId, mentorId] = people.map(({ body }) => body.id);
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    const reminderTo = async (name: string, sequence: number) => {
      const mail = await platform.smtp.waitForMail(
        ({ to, attachments: [file] }) =>
          to.includes(`${name}@example.com`) && !!file?.content.includes(`SEQUENCE:${sequence}\r\n`),
      );
      return { ...mail, calendar: mail.attachments[0]!.content.toString().replaceAll('\r\n ', '') };
    };
    const shown = (startsAt: Date, locale: string, options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { ...options, hourCycle: 'h23' }).format(startsAt);
    const clock = { hour: '2-digit', minute: '2-digit' } as const;

    const booking = { studentId, mentorId, startsAt: inMinutes(40), durationMinutes: 45 };
    const session = await platform.request('POST', '/v1/sessions', booking);
    expect(session.status).toBe(201);
    const toIra = await reminderTo('ira', 1);
    const toBob = await reminderTo('bob', 1);

    const link = `https://mentorhub.example/sessions/${session.body.id}`;
    for (const { text, html, calendar, attachments } of [toIra, toBob]) {
      expect(text).toContain(link);
      expect(html).toContain(link);
      expect(attachments).toMatchObject([{ filename: 'session.ics', contentType: 'text/calendar' }]);
      expect(calendar).toContain(`UID:${session.body.id}@mentorhub.example\r\n`);
      expect(calendar).toMatch(/\r\nDTSTART:\d{8}T\d{6}Z\r\n/);
    }
    const dated = { day: '2-digit', month: '2-digit', year: 'numeric', ...clock } as const;
    expect(toIra.text).toContain(
      `${shown(booking.startsAt, 'ru', { timeZone: 'Europe/Moscow', ...dated }).replace(',', '')} (Europe/Moscow, GMT+3)`,
    );
    expect(toIra.text).toContain('Ваш ментор: Bob; Smith');
    expect(toBob.html).toContain('Your student: Ира &lt;b&gt;');
    expect(toBob.text).toContain(
      `${shown(booking.startsAt, 'en', { timeZone: 'Asia/Kolkata', ...clock })} (Asia/Kolkata, GMT+5:30)`,
    );
    expect(toBob.calendar).toContain('SUMMARY:MentorHub session with Ира <b>\r\n');
    expect(toIra.calendar).toContain('SUMMARY:Сессия MentorHub: Bob\\; Smith\r\n');

    await platform.request('PATCH', `/v1/sessions/${session.body.id}`, { startsAt: inMinutes(50) });
    expect((await reminderTo('ira', 2)).calendar).toContain(`UID:${session.body.id}@mentorhub.example\r\n`);
    await reminderTo('bob', 2);
    expect((await platform.request('DELETE', `/v1/sessions/${session.body.id}`)).status).toBe(204);
    const reminders = platform.smtp.mails.filter(({ attachments }) => attachments[0]?.filename === 'session.ics');
    expect(reminders).toHaveLength(4);
  });

  it('unsubscribes from reminders by the link of one, and still sends a password reset', async () => {
    const [studentId, mentorId] = await Promise.all(
      ['kim', 'lea'].map(async (name) => (await signUp(name)).body.id as string),
    );
    const startsAt = new Date(Date.now() + 40 * 60_000);
    const book = () => platform.request('POST', '/v1/sessions', { studentId, mentorId, startsAt, durationMinutes: 45 });
    const reminders = (name: string) =>
      platform.smtp.mails.filter(({ to, attachments }) => to.includes(`${name}@example.com`) && attachments.length > 0);
    await book();
    const reminder = await platform.smtp.waitForMail(
      ({ to, attachments }) => to.includes('kim@example.com') && attachments.length > 0,
    );
    expect(reminder.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
    const link = new URL((reminder.headers['list-unsubscribe'] ?? '').slice(1, -1));
    expect(reminder.text).toContain(link.href);

    const here = `${platform.running.services['api-gateway'].httpUrl}${link.pathname}${link.search}`;
    const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
    expect((await fetch(here, { method: 'POST', body })).status).toBe(200);
    const list = () => platform.database.query('SELECT address, scope FROM email.suppression');
    await eventually(async () => (await list()).length > 0, { what: 'the address to be on the suppression list' });
    expect(await list()).toEqual([{ address: 'kim@example.com', scope: 'reminders' }]);
    const [span] = await eventually(() => {
      const spans = platform.traces.spans().filter((one) => JSON.stringify(one).includes(link.pathname));
      return spans.length > 0 && spans;
    });
    expect(JSON.stringify(span)).toContain('REDACTED');
    expect(JSON.stringify(platform.traces.spans())).not.toContain(link.searchParams.get('token'));
    expect((await platform.request('GET', '/v1/suppressions?email=KIM@example.com')).body).toEqual({
      items: [expect.objectContaining({ email: 'kim@example.com', scope: 'reminders', reason: 'unsubscribed' })],
      nextCursor: null,
    });

    await book();
    const suppressed = () =>
      platform.database.query(
        `SELECT FROM tasks.inbox WHERE outcome -> 'event' -> 'result' ->> 'suppressed' = 'unsubscribed'`,
      );
    await eventually(async () => (await suppressed()).length === 1, { what: 'a suppressed reminder' });
    await eventually(() => reminders('lea').length === 2, { what: 'both reminders of the other one' });
    await platform.request('POST', '/v1/password-resets', { email: 'kim@example.com' });
    await platform.smtp.waitForMail(({ to, subject }) => to.includes('kim@example.com') && /password/i.test(subject));
    expect(reminders('kim')).toHaveLength(1);
  });

  it('leaves no token readable in logs, tables or traces', async () => {
    await signUp('hal');
    const token = tokenIn((await mailTo('hal')).text);
    const logs = serviceNames.map((name) => platform.running.services[name].output()).join('\n');
    expect(logs).toContain('email.send-verification');
    expect(logs).not.toContain(token);
    const rows = await platform.database.query<{ text: string }>(
      `SELECT convert_from(payload, 'UTF8') AS text FROM tasks.task`,
    );
    expect(rows.map(({ text }) => text).join('\n')).not.toContain(token);
    expect(JSON.stringify(platform.traces.spans())).not.toContain(token);
  });

  it('stops all services on SIGTERM with exit code 0', async () => {
    const codes = await platform.running.stop();
    expect(Object.values(codes)).toEqual([0, 0, 0, 0]);
  });
});
