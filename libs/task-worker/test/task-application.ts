import type { RunningService } from '@mentorhub/service';
import type { DataSource } from 'typeorm';
import {
  createTestServers,
  TestService,
  type TestServers,
  type TestServersOptions,
  type TestServiceOptions,
} from '../src/testing/index.js';
import { launch } from '../src/testing/test-service.js';
import { catalogue, exchanges, topology } from './example-tasks.js';

export type Servers = TestServers;

/** A broker and a database of a test file's own, with a table for what handlers write. */
export const createServers = (own: Pick<TestServersOptions, 'broker' | 'databaseServer'> = {}): Promise<Servers> =>
  createTestServers({ template: 'tasks-schema', migrate, ...own });

const migrate = (dataSource: DataSource): Promise<unknown> =>
  dataSource.query(`CREATE TABLE public.ledger (note text NOT NULL, task_id uuid)`);

export interface TaskApplicationOptions extends Omit<
  TestServiceOptions,
  'catalogue' | 'topology' | 'exchanges' | 'projectFrom'
> {
  /** Brings history up to date from task events, as analytics-service does. Default true. */
  readonly project?: boolean;
  /** What the service knows of, of the example tasks' topology. Default: all of it. */
  readonly topology?: TestServiceOptions['topology'];
}

/** A service that runs the example tasks. */
export class TaskApplication extends TestService {
  private constructor(
    service: RunningService,
    readonly servers: Servers,
  ) {
    super(service);
  }

  static override async start(servers: Servers, options: TaskApplicationOptions = {}): Promise<TaskApplication> {
    const { project = true, ...rest } = options;
    const all: TestServiceOptions = {
      catalogue,
      topology,
      exchanges,
      ...rest,
      ...(!project && { projectFrom: false }),
    };
    return TestService.ready(new TaskApplication(await launch(servers, all), servers), all);
  }

  async ledger(): Promise<string[]> {
    const rows = await this.servers.database.query<{ note: string }>('SELECT note FROM public.ledger ORDER BY note');
    return rows.map(({ note }) => note);
  }
}
