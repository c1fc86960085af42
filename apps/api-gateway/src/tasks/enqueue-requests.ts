import { queueFault, type AnyTaskContract, type Catalogue } from '@mentorhub/task-contracts';
import type { EnqueueRequest } from '@mentorhub/tasks';
import { largestPayloadBytes } from '../http/body-limits.js';
import { faultsOf } from '../input/faults.js';
import { jsonPointer } from '../input/json-pointer.js';
import { invalid, Problem, type Fault } from '../problems/problem.js';
import { closeNames } from './close-names.js';
import type { TaskRequest } from './requests.js';

type Path = readonly (string | number)[];

/**
 * What callers ask for, as what the runtime enqueues.
 *
 * @param placeOf where a request stands in the body.
 * @throws {Problem} 422 with every fault of every request; 413 when a payload is too large.
 */
export function enqueueRequests(
  requests: readonly TaskRequest[],
  catalogue: Catalogue,
  placeOf: (index: number) => Path,
): EnqueueRequest[] {
  const faults = requests.flatMap((request, index) => faultsIn(request, catalogue, placeOf(index)));
  if (faults.length > 0) throw invalid(faults);
  return requests.map((request) => enqueueRequest(request, contractOf(request, catalogue)));
}

function faultsIn(request: TaskRequest, catalogue: Catalogue, at: Path): Fault[] {
  assertSize(request.payload, [...at, 'payload']);
  const contract = catalogue.tasks.get(request.task);
  const ofTask = contract
    ? payloadFaults(request, contract, [...at, 'payload'])
    : [unknownTask(request.task, catalogue, [...at, 'task'])];
  return [...ofTask, ...queueFaults(request, catalogue, [...at, 'queue'])];
}

function assertSize(payload: object, at: Path): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= largestPayloadBytes) return;
  const message = `has ${bytes} bytes as JSON; at most ${largestPayloadBytes} are accepted`;
  throw new Problem(413, `A payload is too large: it ${message}.`, { errors: [{ path: jsonPointer(at), message }] });
}

function payloadFaults({ payload }: TaskRequest, contract: AnyTaskContract, at: Path): Fault[] {
  const checked = contract.payload.safeParse(payload);
  return checked.success ? [] : faultsOf(checked.error.issues, at);
}

/** The fault of a name that no task has, with those that may have been meant. */
export function unknownTask(name: string, { tasks }: Catalogue, at: Path): Fault {
  const suggestions = closeNames(name, tasks.keys());
  const hint =
    suggestions.length > 0 ? `; there is ${suggestions.join(' and ')}` : '; GET /v1/task-types lists those there are';
  return { path: jsonPointer(at), message: `there is no task "${name}"${hint}`, suggestions };
}

/** Of a task that does not exist no queue is wrong. */
function queueFaults({ task, queue }: TaskRequest, catalogue: Catalogue, at: Path): Fault[] {
  if (queue === undefined || !catalogue.tasks.has(task)) return [];
  const message = queueFault(catalogue, task, queue);
  return message === undefined ? [] : [{ path: jsonPointer(at), message }];
}

function contractOf({ task }: TaskRequest, { tasks }: Catalogue): AnyTaskContract {
  const contract = tasks.get(task);
  if (!contract) throw new Error(`"${task}" was checked and is not in the catalogue.`);
  return contract;
}

function enqueueRequest(request: TaskRequest, contract: AnyTaskContract): EnqueueRequest {
  const { payload, eta, countdown, expires, retry, queue } = request;
  return {
    contract,
    payload,
    options: {
      eta: eta === undefined ? undefined : new Date(eta),
      countdownSeconds: countdown,
      expires: expiryOf(expires),
      retry,
      queue,
    },
  };
}

function expiryOf(expires: TaskRequest['expires']): Date | undefined {
  if (expires === undefined) return undefined;
  return new Date(typeof expires === 'number' ? Date.now() + expires * 1000 : expires);
}
