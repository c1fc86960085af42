/**
 * PostgreSQL, or the driver, has looked at the values and refuses them: it would refuse them again. Everything else (a
 * database that is away, a lock, a full disk, a missing migration) may pass, and data must not be given up for it.
 */
export function isDataFault(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && code.length === 5) return refusals.has(code.slice(0, 2));
  // Values that cannot be serialised, for instance nested too deep.
  return name === 'RangeError' || name === 'TypeError';
}

/** Classes of SQLSTATE: cardinality, data exception, integrity constraint, program limit exceeded. */
const refusals = new Set(['21', '22', '23', '54']);

/** PostgreSQL refuses a value for what it is, whatever else the database holds. */
export function isRefusedValue(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.length === 5 && ['22', '54'].includes(code.slice(0, 2));
}
