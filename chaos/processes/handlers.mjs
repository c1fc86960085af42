import { Controller } from '@nestjs/common';
import { AmbiguousError, PermanentError } from '@mentorhub/task-contracts';
import { TaskHandler } from '@mentorhub/task-worker';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { tasks } from './tasks.mjs';

/** An effect that can be counted: nothing keeps a second row of the same task away. */
const insert = `INSERT INTO chaos.effect (task_id, attempt, n) VALUES ($1, $2, $3)`;
const effectOf = ({ n }, { id, attempt }) => [insert, [id, attempt, n]];

/** What every handler does before its effect: takes its time, fails as it was told, or ends its worker. */
async function act({ act: what, millis, failures }, { attempt, signal }) {
  await pause(millis, undefined, { signal });
  if (what === 'kill') process.kill(process.pid, 'SIGKILL');
  if (what === 'refuse') throw new PermanentError('It was told to.');
  if (attempt <= failures) throw new Error(`It was told to fail ${failures} times.`);
}

class ChaosController {
  constructor(outside, mailer) {
    Object.assign(this, { outside, mailer });
  }

  async write(payload, context) {
    await act(payload, context);
    await context.tx.query(...effectOf(payload, context));
  }

  async ping(payload, context) {
    await act(payload, context);
    await this.outside.query(...effectOf(payload, context));
  }

  async mail(payload, context) {
    await act(payload, context);
    const { id, signal } = context;
    const content = { subject: `Task ${payload.n}`, text: `Attempt ${context.attempt}.`, html: '<p>Once.</p>' };
    const mail = { ...content, template: 'plain', to: `${id}@chaos.test`, messageId: this.mailer.messageIdOf(id) };
    await context.once(() => this.mailer.send(mail, { signal }).catch(explain));
  }

  mailOnce(payload, context) {
    return this.mail(payload, context);
  }
}

/** As email-service explains it: refused is for ever, unanswered is ambiguous, the rest may pass. */
function explain(error) {
  if (error.definite === false) throw new AmbiguousError(error.message, { cause: error });
  throw error.mayBeRetried === false ? new PermanentError(error.message, { cause: error }) : error;
}

/** The controller as Nest wants it; scripts have no decorator syntax, so decorators are called. */
export function controllerOf(mailerToken) {
  const handlers = { write: tasks.Write, ping: tasks.Ping, mail: tasks.Mail, mailOnce: tasks.MailOnce };
  const { prototype } = ChaosController;
  Controller()(ChaosController);
  Reflect.defineMetadata('design:paramtypes', [DataSource, mailerToken], ChaosController);
  for (const [method, contract] of Object.entries(handlers)) {
    Reflect.defineMetadata('design:paramtypes', [Object, Object], prototype, method);
    TaskHandler(contract)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
  }
  return ChaosController;
}
