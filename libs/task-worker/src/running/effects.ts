import { UnreadableMessage } from '../job/decode-delivery.js';
import type { Outcome } from '../outcome/outcome.js';
import { type Job, runOf } from '../job/job.js';
import type { EffectsOptions } from './claims.js';
import { EffectsInTransaction } from './effects-in-transaction.js';
import { EffectsUnderClaim } from './effects-under-claim.js';
import { HandlerFailure } from './run-handler.js';

/**
 * Runs a job so that its effects happen once, in the manner that its contract names.
 *
 * - `database`, and every event: in a transaction that also holds the claim and the outcome.
 * - `external`: under a claim that is committed before.
 * - `idempotent`: just runs.
 */
export class Effects {
  private readonly inTransaction: EffectsInTransaction;
  private readonly underClaim: EffectsUnderClaim;

  constructor(private readonly options: EffectsOptions) {
    this.inTransaction = new EffectsInTransaction(options);
    this.underClaim = new EffectsUnderClaim(options);
  }

  /** @throws {UnreadableMessage} the payload does not fit, or cannot be decrypted. Every other fault is an outcome. */
  async run(job: Job): Promise<Outcome> {
    try {
      const payload = this.options.runner.payloadOf(job);
      if (job.contract.kind === 'event' || job.contract.effects === 'database')
        return await this.inTransaction.run(job, payload);
      if (job.contract.effects === 'external') return await this.underClaim.run(job, payload);
      return await this.plainly(job, payload);
    } catch (error) {
      if (error instanceof UnreadableMessage) throw error;
      return { kind: 'fault', error };
    }
  }

  private async plainly(job: Job, payload: unknown): Promise<Outcome> {
    const { store, runner, worker, faults } = this.options;
    try {
      return await runner.run(job, payload, {});
    } catch (error) {
      if (!(error instanceof HandlerFailure)) throw error;
      const whose = await faults.judge(error.cause, job);
      if (whose === 'runtime') throw error.cause;
      if (whose === 'chance') return this.plainly(job, payload);
      const failure = runner.ended(job, error.cause, error.startedAt);
      const { manager } = store.dataSource;
      if (failure.kind === 'failed') await store.endings.fail(manager, runOf(job), failure.event.error, worker);
      if (failure.kind === 'revoked') await store.revocations.markRevoked(manager, runOf(job), worker);
      return failure;
    }
  }
}
