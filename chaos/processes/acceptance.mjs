import { contracts } from './tasks.mjs';

/**
 * Accepts batches through `Tasks`, as an application would: the batch's own rows and its tasks are one transaction. A batch
 * that was accepted before is answered with the tasks that it became then, so that who got no answer may ask again.
 */
export class Acceptance {
  constructor(tasks, dataSource) {
    Object.assign(this, { tasks, dataSource });
  }

  /** @returns {Promise<{n: number, id: string}[]>} */
  async accept(batch) {
    if (batch.mode === 'direct') return Promise.all(batch.tasks.map((task) => this.enqueue(task)));
    if (batch.rollBackFirst) await this.rollBack(batch);
    return this.dataSource.transaction((tx) => this.acceptOnce(tx, batch));
  }

  revoke(id, terminate) {
    return this.tasks.revoke(id, { terminate });
  }

  async acceptOnce(tx, batch) {
    const created = await tx.query('INSERT INTO chaos.batch (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id', [
      batch.id,
    ]);
    if (created.length === 0)
      return tx.query('SELECT n, task_id AS id FROM chaos.item WHERE batch_id = $1', [batch.id]);
    const items = batch.mode === 'many' ? await this.enqueueMany(batch, tx) : await this.enqueueEach(batch, tx);
    await tx.query(insertItems, [batch.id, items.map(({ n }) => n), items.map(({ id }) => id)]);
    return items;
  }

  /** What becomes of a transaction that fails late: none of these tasks may ever be seen again. */
  async rollBack(batch) {
    const changedMind = new Error('rolled back on purpose');
    const doomed = async (tx) => {
      await this.enqueueMany(batch, tx);
      throw changedMind;
    };
    await this.dataSource.transaction(doomed).catch((error) => {
      if (error !== changedMind) throw error;
    });
  }

  async enqueueEach({ tasks }, tx) {
    const items = [];
    for (const task of tasks) items.push(await this.enqueue(task, tx));
    return items;
  }

  async enqueue(task, tx) {
    const { id } = await this.tasks.enqueue(contractOf(task), payloadOf(task), { ...optionsOf(task), id: task.id, tx });
    return { n: task.n, id };
  }

  async enqueueMany({ tasks }, tx) {
    const requests = tasks.map((task) => ({
      contract: contractOf(task),
      payload: payloadOf(task),
      options: optionsOf(task),
    }));
    const enqueued = await this.tasks.enqueueMany(requests, tx);
    return tasks.map(({ n }, index) => ({ n, id: enqueued[index].id }));
  }
}

const insertItems = `
  INSERT INTO chaos.item (batch_id, n, task_id) SELECT $1, * FROM unnest($2::integer[], $3::uuid[])`;

const contractOf = ({ contract }) => contracts.catalogue.tasks.get(contract);
const payloadOf = ({ n, payload }) => ({ n, ...payload });
const optionsOf = ({ countdownSeconds, expiresSeconds }) => ({
  countdownSeconds,
  ...(expiresSeconds && { expires: new Date(Date.now() + expiresSeconds * 1000) }),
});
