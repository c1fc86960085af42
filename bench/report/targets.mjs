/**
 * What the product is held to, in one run. `of` compares it with another system's figure of the same case, `limit` with a fixed
 * one.
 */
export const targets = [
  { case: 'enqueue-direct', of: 'amqplib-topic', atLeast: 1 },
  { case: 'enqueue-bulk', of: 'mentorhub-before', atLeast: 1.5 },
  { case: 'enqueue-transactional', of: 'mentorhub-before', atLeast: 1.5 },
  { case: 'enqueue-transactional', of: 'pg-boss', atLeast: 1 },
  { case: 'process', of: 'mentorhub-before', atLeast: 1.8 },
  { case: 'process', of: 'bullmq', atLeast: 2 },
  { case: 'process', of: 'amqplib', atLeast: 0.44 },
  { case: 'process-tracked', of: 'mentorhub-before', atLeast: 1.8 },
  { case: 'process-tracked', of: 'pg-boss-single', atLeast: 1.2 },
  { case: 'latency-1000', of: 'bullmq', atMost: 1 },
  { case: 'latency-1000', limit: 30 },
  { case: 'latency-5000', of: 'bullmq', atMost: 1 },
  { case: 'latency-5000', limit: 60 },
  { case: 'relay-lateness', limit: 150 },
  { case: 'memory-scheduled', limit: 1.1 },
  { case: 'memory-worker', limit: 220 },
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

const isMet = ({ atLeast = -Infinity, atMost = Infinity, limit = atMost }, found) => found >= atLeast && found <= limit;
