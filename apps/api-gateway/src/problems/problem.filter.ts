import { InjectLogger, type Logger } from '@mentorhub/service';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { explainError } from './explain-error.js';
import type { Problem } from './problem.js';
import { sendProblem } from './send-problem.js';

/** Answers every error of a request as a problem document; faults of ours are logged, with what the caller is not told. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@InjectLogger() private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // Handlers of tasks have a filter of their own, which leaves errors to the runtime.
    if (host.getType() !== 'http') throw error;
    const problem = explainError(error);
    this.log(problem, error);
    sendProblem(host.switchToHttp().getResponse<FastifyReply>(), problem);
  }

  private log(problem: Problem, error: unknown): void {
    const err = problem.parts.cause ?? error;
    if (problem.status === 503 || problem.status === 504) this.logger.warn({ err }, problem.detail);
    else if (problem.status >= 500) this.logger.error({ err }, 'A request failed because of a fault of this service.');
  }
}
