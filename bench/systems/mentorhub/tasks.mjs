import { Controller } from '@nestjs/common';
import { defineCatalogue, defineRouting, defineTask } from '@mentorhub/task-contracts';
import { TaskHandler } from '@mentorhub/task-worker';
import { z } from 'zod';

const payload = z.strictObject({ n: z.int(), sentAt: z.number(), dueAt: z.number(), note: z.string() });

export const Light = defineTask({ name: 'bench.light', version: 1, effects: 'idempotent', payload });
export const Tracked = defineTask({ name: 'bench.tracked', version: 1, effects: 'database', payload });

/** The queue of MentorHub's own that everything goes through, with its real arguments. */
export const queue = 'default';

export const catalogue = defineCatalogue({
  tasks: [Light, Tracked],
  events: [],
  routes: defineRouting([{ pattern: '*', queue }]),
});

export const insertRow = 'INSERT INTO public.ledger (n, note) VALUES ($1, $2)';

/** A controller with both handlers, each of which first calls `onStart`. Scripts have no decorator syntax, so they are called. */
export function controllerOf(onStart) {
  class BenchController {
    light(payload) {
      onStart(payload);
    }

    async tracked(payload, context) {
      onStart(payload);
      await context.tx.query(insertRow, [payload.n, payload.note]);
    }
  }
  handles(BenchController, 'light', Light);
  handles(BenchController, 'tracked', Tracked);
  Controller()(BenchController);
  return BenchController;
}

function handles({ prototype }, method, contract) {
  Reflect.defineMetadata('design:paramtypes', [Object, Object], prototype, method);
  TaskHandler(contract)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
}
