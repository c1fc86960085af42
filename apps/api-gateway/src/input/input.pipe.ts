import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { invalid } from '../problems/problem.js';
import { faultsOf } from './faults.js';

/**
 * Checks parameters that name a schema, such as `@Body({ schema: NewUser })`: 422 with the path of each fault.
 * Nothing is dropped in silence: strict schemas refuse the keys that Nest would strip.
 */
export class InputPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => invalid(faultsOf(issues as z.core.$ZodIssue[])) });
  }

  protected override stripProtoKeys(): void {
    // The parser refused the dangerous keys already.
  }
}
