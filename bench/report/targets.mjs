/**
 * What the product is held to, in one run. `of` compares it with another system's figure of the same case, `limit` with a fixed
 * one.
 */
export const targets = [
  { case: 'enqueue-direct', of: 'amqplib', atLeast: 0.8 },
  { case: 'enqueue-bulk', of: 'bullmq', atLeast: 1 },
  { case: 'enqueue-transactional', of: 'pg-boss', atLeast: 2 },
  { case: 'process', of: 'amqplib', atLeast: 0.7 },
  { case: 'process', of: 'bullmq', atLeast: 2 },
  { case: 'process-tracked', of: 'pg-boss', atLeast: 1 },
  { case: 'process-tracked', of: 'pg-boss-single', atLeast: 1 },
  { case: 'latency-50', limit: 50 },
  { case: 'relay-lateness', limit: 250 },
  { case: 'memory-scheduled', limit: 1.1 },
];

/** The row of one cell; undefined when it was not measured. */
export const rowOf = (rows, caseName, system) => rows.find((row) => row.case === caseName && row.system === system);

/** How the product did: `found` is a multiple of the other system, or its own figure; undefined when something was not measured. */
export function judge(rows) {
  return targets.map((target) => {
    const own = rowOf(rows, target.case, 'mentorhub')?.value;
    const other = target.of && rowOf(rows, target.case, target.of)?.value;
    const found = target.of ? own && other && own / other : own;
    return { ...target, found, met: found === undefined ? undefined : isMet(target, found) };
  });
}

const isMet = ({ atLeast, limit }, found) => (limit === undefined ? found >= atLeast : found <= limit);
