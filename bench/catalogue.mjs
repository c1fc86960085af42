/**
 * What is measured, as data. `seconds` and counts are for a full run; `quick` overrides them. `better` tells ratios which
 * way is good.
 */
export const cases = {
  'enqueue-direct': {
    title: 'one task per call, durable when the call returns',
    unit: 'tasks/s',
    better: 'more',
    full: { seconds: 5, warmUpSeconds: 1, width: 1000 },
    quick: { seconds: 1.2, warmUpSeconds: 0.4, width: 1000 },
  },
  'enqueue-bulk': {
    title: '1000 tasks per call',
    unit: 'tasks/s',
    better: 'more',
    full: { seconds: 5, warmUpSeconds: 1, width: 2, perCall: 1000 },
    quick: { seconds: 1.2, warmUpSeconds: 0.4, width: 2, perCall: 1000 },
  },
  'enqueue-transactional': {
    title: 'a domain row and its task in one transaction, 10 connections',
    unit: 'transactions/s',
    better: 'more',
    full: { seconds: 5, warmUpSeconds: 1, width: 10 },
    quick: { seconds: 1.2, warmUpSeconds: 0.4, width: 10 },
  },
  process: {
    title: 'no-op tasks from the first start to the last durable outcome, one worker process',
    unit: 'tasks/s',
    better: 'more',
    full: { seconds: 4, most: 100_000, probe: 2_000 },
    quick: { seconds: 1.5, most: 20_000, probe: 500 },
  },
  'process-tracked': {
    title: 'as `process`; each task inserts one row, in one transaction with its completion',
    unit: 'tasks/s',
    better: 'more',
    full: { seconds: 4, most: 50_000, probe: 1_000 },
    quick: { seconds: 1.5, most: 10_000, probe: 300 },
  },
  'latency-10': {
    title: 'enqueue call to handler start at 10 % of what the system enqueues and processes in this run, p99',
    unit: 'ms',
    better: 'less',
    needs: ['enqueue-direct', 'process'],
    full: { seconds: 10, warmUpSeconds: 2, share: 0.1 },
    quick: { seconds: 4, warmUpSeconds: 0.5, share: 0.1 },
  },
  'latency-50': {
    title: 'the same at 50 %, p99',
    unit: 'ms',
    better: 'less',
    needs: ['enqueue-direct', 'process'],
    full: { seconds: 10, warmUpSeconds: 2, share: 0.5 },
    quick: { seconds: 4, warmUpSeconds: 0.5, share: 0.5 },
  },
  'latency-1000': {
    title: 'the same at 1,000 tasks a second, p99',
    unit: 'ms',
    better: 'less',
    full: { seconds: 10, warmUpSeconds: 2, perSecond: 1_000 },
    quick: { seconds: 2.5, warmUpSeconds: 0.5, perSecond: 1_000 },
  },
  'latency-5000': {
    title: 'the same at 5,000 tasks a second, p99',
    unit: 'ms',
    better: 'less',
    full: { seconds: 10, warmUpSeconds: 2, perSecond: 5_000 },
    quick: { seconds: 2.5, warmUpSeconds: 0.5, perSecond: 5_000 },
  },
  'relay-lateness': {
    title: '10,000 tasks due within one second: how late, p99',
    unit: 'ms',
    better: 'less',
    full: { count: 10_000, leadSeconds: 5 },
    quick: { count: 10_000, countOfSlow: 2_000, leadSeconds: 3 },
  },
  'memory-scheduled': {
    title: 'memory of a worker process with 100,000 tasks waiting, as a multiple of the same process idle',
    unit: '× idle',
    better: 'less',
    full: { count: 100_000, settleSeconds: 3 },
    quick: { count: 10_000, settleSeconds: 0.5 },
  },
  'memory-worker': {
    title: 'memory of a worker process when it has done 100,000 tasks',
    unit: 'MiB',
    better: 'less',
    full: { count: 100_000, settleSeconds: 3, laterSeconds: 60 },
    quick: { count: 20_000, settleSeconds: 0.5, laterSeconds: 5 },
  },
};
