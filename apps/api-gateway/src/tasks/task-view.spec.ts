import { catalogue } from '@mentorhub/contracts';
import type { TaskRecord } from '@mentorhub/task-store';
import { taskView } from './task-view.js';

describe('A task as it is shown', () => {
  const record = (payload: Buffer) =>
    ({
      name: 'email.send',
      state: 'queued',
      acceptedAt: new Date(),
      dueAt: new Date(),
      payload,
    }) as unknown as TaskRecord;
  const shown = (text: string) => taskView(record(Buffer.from(text)), [], catalogue).payload;

  it('has the payload as a worker reads it, with a byte-order mark before it or without', () => {
    expect(shown('{"to": "a@example.com"}')).toMatchObject({ to: 'a@example.com' });
    expect(shown('\uFEFF{"to": "a@example.com"}')).toMatchObject({ to: 'a@example.com' });
  });

  it.each(['{', '3', ''])('has none when no worker can read it: %j', (text) => {
    expect(shown(text)).toBeNull();
  });
});
