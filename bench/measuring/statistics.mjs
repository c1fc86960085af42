/** The middle value; the mean of the two in the middle when their number is even. */
export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that `share` of all values do not exceed (nearest rank). */
export function percentile(values, share) {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Three significant digits: more would claim a precision that no run repeats. */
export const rounded = (value) => (value === undefined ? undefined : Number(value.toPrecision(3)));

/** The medians of the numbers that each round gave by the same name. */
export function medianOfEach(rounds) {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round ?? {})))];
  return Object.fromEntries(
    names.map((name) => [name, rounded(median(rounds.flatMap((round) => round?.[name] ?? [])))]),
  );
}
