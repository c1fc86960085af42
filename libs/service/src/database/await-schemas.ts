import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { isPassingFault } from '../database-faults/index.js';
import type { Logger } from '../logging/create-logger.js';
import type { MigrationPlan } from './run-migrations.js';

export interface SchemaWait {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Is told what is waited for, and undefined when it is there. */
  readonly tell?: (missing: string | undefined) => void;
}

const lookSeconds = 1;
/** The schema or its list of migrations is not there. */
const absent = new Set(['42P01', '3F000']);
const noRight = '42501';

/**
 * Waits until every migration that this process knows has been applied: on an older schema its tasks would fail one after
 * the other. Applies none itself. Migrations that it does not know are those of a newer release, which must suit this one.
 * A role that may not read a list of migrations is told so, and does not wait for that schema.
 */
export async function awaitSchemas(
  dataSource: DataSource,
  plans: readonly MigrationPlan[],
  { logger, signal, tell }: SchemaWait,
): Promise<void> {
  for (const plan of plans) {
    for (let waited = false; ; waited = true) {
      signal?.throwIfAborted();
      const missing = await lookFor(dataSource, plan, logger);
      tell?.(missing);
      if (missing === undefined) {
        if (waited) logger.info({ back: away(plan) }, `The schema "${plan.schema}" is there.`);
        break;
      }
      logger.warn({ away: away(plan) }, missing);
      await delay(lookSeconds * 1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

const away = ({ schema }: MigrationPlan): string => `the schema ${schema}`;

/** @returns a sentence about what is missing, or undefined. */
async function lookFor(
  dataSource: DataSource,
  { schema, migrations }: MigrationPlan,
  logger: SchemaWait['logger'],
): Promise<string | undefined> {
  try {
    const applied = new Set(await appliedIn(dataSource, schema));
    const missing = namesOf(migrations).filter((name) => !applied.has(name));
    if (missing.length === 0) return undefined;
    return `The schema "${schema}" lacks ${missing.join(', ')}. Run this service's migrations (node dist/migrate.js).`;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (isPassingFault(error)) return `PostgreSQL does not say what the schema "${schema}" has: ${message}`;
    if (code !== noRight) throw error;
    logger.warn(
      { schema },
      `This service's role may not read "${schema}".migrations, so it starts without knowing whether that schema is up to date. GRANT SELECT on it lets it wait until it is.`,
    );
    return undefined;
  }
}

async function appliedIn(dataSource: DataSource, schema: string): Promise<string[]> {
  try {
    const list = `"${schema.replaceAll('"', '""')}".migrations`;
    const rows = await dataSource.query<{ name: string }[]>(`SELECT name FROM ${list}`);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (absent.has((error as { code?: string }).code ?? '')) return [];
    throw error;
  }
}

/** As TypeORM names them in its list. */
const namesOf = (migrations: MigrationPlan['migrations']): string[] =>
  migrations.map((migration) => (typeof migration === 'function' ? migration.name : String(migration)));
