/*
 * Every block of code in docs/testing-tasks.md stands here or in examples.int.spec.ts, as docs/examples.spec.mjs checks;
 * change both together.
 */
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { z } from 'zod';
import { Tasks } from '@mentorhub/tasks';
import { defineCatalogue, defineRouting, defineTask, type Payload } from '@mentorhub/task-contracts';
import { TaskHandler, type ExternalContext } from '@mentorhub/task-worker';
import { expectEnqueued, TestTasks } from './index.js';

const SendGreeting = defineTask({
  name: 'email.send-greeting',
  version: 1,
  effects: 'external',
  onAmbiguous: 'again',
  payload: z.strictObject({ email: z.email() }),
  result: z.strictObject({ messageId: z.string() }),
});

const catalogue = defineCatalogue({
  tasks: [SendGreeting],
  events: [],
  routes: defineRouting([{ pattern: '*', queue: 'email' }]),
});

class Mailer {
  readonly sent: string[] = [];
  refuses = 0;

  greet(email: string): Promise<{ messageId: string }> {
    if (this.refuses-- > 0) return Promise.reject(new Error('The mail server is busy.'));
    this.sent.push(email);
    return Promise.resolve({ messageId: `<${this.sent.length}@test>` });
  }
}

@Controller()
class GreetingController {
  constructor(private readonly mailer: Mailer) {}

  @TaskHandler(SendGreeting)
  greet({ email }: Payload<typeof SendGreeting>, ctx: ExternalContext) {
    return ctx.once(() => this.mailer.greet(email));
  }
}

class SignUp {
  constructor(private readonly tasks: Tasks) {}

  async signUp(email: string): Promise<void> {
    await this.tasks.enqueue(SendGreeting, { email }, { countdownSeconds: 60 });
  }
}

describe('The examples of the documentation', () => {
  let mailer: Mailer;

  beforeEach(() => {
    mailer = new Mailer();
  });

  it('expect a task and run it', async () => {
    const tasks = new TestTasks({ catalogue, controllers: [new GreetingController(mailer)] });

    await new SignUp(tasks.asTasks).signUp('ada@example.com');
    expectEnqueued(tasks, SendGreeting, { email: 'ada@example.com' });

    await tasks.advance(60);
    expect(mailer.sent).toEqual(['ada@example.com']);
  });

  it('move the time through the retries', async () => {
    const startAt = new Date('2030-01-01T00:00:00Z');
    const tasks = new TestTasks({ catalogue, startAt, controllers: [new GreetingController(mailer)] });
    mailer.refuses = 2;

    const task = await tasks.enqueue(SendGreeting, { email: 'ada@example.com' });
    await tasks.run();
    expect(tasks.tasks).toMatchObject([{ state: 'retrying', dueAt: new Date('2030-01-01T00:01:00Z') }]);

    await tasks.advance(60 + 120);
    expect(tasks.tasks[0]?.attempts).toHaveLength(3);
    expect(await task.result()).toEqual({ messageId: '<1@test>' });
  });

  it('handle by a function', async () => {
    const tasks = new TestTasks({ catalogue }).handle(SendGreeting, async ({ email }) => ({ messageId: email }));

    const task = await tasks.enqueue(SendGreeting, { email: 'ada@example.com' });
    expect(await task.result()).toEqual({ messageId: 'ada@example.com' });
  });

  it('run eagerly', async () => {
    const controllers = [new GreetingController(mailer)];
    const tasks = new TestTasks({ catalogue, controllers, mode: 'eager', propagateErrors: true });

    await new SignUp(tasks.asTasks).signUp('ada@example.com');
    expect(mailer.sent).toEqual(['ada@example.com']);
  });

  it('stand in for Tasks in a Nest application', async () => {
    const testTasks = new TestTasks({ catalogue });

    @Module({
      controllers: [GreetingController],
      providers: [
        { provide: Mailer, useValue: mailer },
        { provide: Tasks, useValue: testTasks },
        { provide: SignUp, useFactory: (tasks: Tasks) => new SignUp(tasks), inject: [Tasks] },
      ],
    })
    class SignUpModule {}

    const app = await NestFactory.createApplicationContext(SignUpModule, { logger: false });
    testTasks.register(app.get(GreetingController));

    await app.get(SignUp).signUp('ada@example.com');
    await testTasks.advance(60);
    expect(mailer.sent).toEqual(['ada@example.com']);
    await app.close();
  });
});
