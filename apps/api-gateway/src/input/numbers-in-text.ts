import { z } from 'zod';

interface NumberInText {
  readonly type: 'integer' | 'number';
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
}

/** Which texts of a query are read as numbers, for the documentation. */
export const numbersInText = z.registry<NumberInText>();
