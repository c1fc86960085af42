import { databaseFaultOf, ShutdownError } from '@mentorhub/service';
import { OverloadError } from '@mentorhub/task-store';
import { InvalidPayloadError } from '@mentorhub/tasks/payload';
import { HttpException } from '@nestjs/common';
import { jsonPointer } from '../input/json-pointer.js';
import { explainCallError } from './explain-call-error.js';
import { invalid, Problem, tryAgainLater } from './problem.js';

/** What any error means to the caller. What nobody foresaw is a 500 that tells nothing of its insides. */
export function explainError(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return explainHttpException(error);
  if (error instanceof InvalidPayloadError) return invalid(error.faults.map(payloadFault));
  const ofDatabase = explainDatabaseFault(error);
  if (ofDatabase) return ofDatabase;
  if (error instanceof ShutdownError)
    return tryAgainLater('This server is stopping. Try again; another one will answer.', 1, error);
  const ofCall = explainCallError(error);
  if (ofCall) return ofCall;
  return new Problem(500, 'The server met a fault of its own. The X-Request-Id of this answer helps to find it.', {
    cause: error,
  });
}

const payloadFault = ({ path, message }: InvalidPayloadError['faults'][number]) => ({
  path: jsonPointer(['payload', ...path]),
  message,
});

/** Fastify's own errors arrive as these, with the original as `cause`. */
function explainHttpException(error: HttpException): Problem {
  const code = (error.cause as { code?: string } | undefined)?.code ?? '';
  return new Problem(error.getStatus(), sentences[code] ?? sentence(error.message), { cause: error });
}

const sentences: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large: a payload may have 256 KiB, a request to /v1/tasks/bulk 16 MiB.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty, though its type is application/json. Send a JSON object.',
  FST_ERR_CTP_INVALID_JSON_BODY:
    'The body is not JSON that can be read. Send a JSON object in UTF-8, without the keys __proto__ and constructor.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body has to be JSON. Send it with Content-Type: application/json.',
};

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

const lost =
  'The connection to the database was lost meanwhile. What was asked may have been done: look, or repeat it with the same Idempotency-Key.';

const unanswered =
  'This server is too busy, and RabbitMQ did not say whether it has taken the task. It may run: look before you repeat it.';

function explainDatabaseFault(error: unknown): Problem | undefined {
  switch (databaseFaultOf(error)) {
    // A COMMIT may have been under way.
    case 'ended':
      return tryAgainLater(lost, 5, error);
    case 'away':
    case 'read-only':
      return tryAgainLater('The database does not answer. Nothing was accepted; try again.', 5, error);
    case 'stale':
    case 'collided':
    case 'hindered':
      return tryAgainLater('The database is too busy with the same data. Nothing was accepted; try again.', 1, error);
    case 'pool-busy':
      if (error instanceof OverloadError && error.unclear) return tryAgainLater(unanswered, 1, error);
      return tryAgainLater('This server is too busy to ask the database. Nothing was accepted; try again.', 1, error);
    case undefined:
      return undefined;
  }
}
