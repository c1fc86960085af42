import { z } from 'zod';
import { defineCall } from './call-contract.js';
import { ContractError } from './contract-rules.js';

describe('a call', () => {
  it('is refused when its name is malformed', () => {
    const define = (name: string) => () => defineCall({ name, queue: 'example', input: z.null(), output: z.null() });
    expect(define('Schedules.find')).toThrow(ContractError);
    expect(define('schedules.find')).not.toThrow();
  });
});
