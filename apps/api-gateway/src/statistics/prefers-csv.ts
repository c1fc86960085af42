/**
 * Whether an `Accept` header asks for CSV: it names `text/csv` or `text/*`, and with a higher weight than JSON. A wildcard
 * for everything asks for neither, and JSON is what is answered then.
 */
export function prefersCsv(accept: string | undefined): boolean {
  const weights = new Map((accept ?? '').toLowerCase().split(',').map(readRange));
  const csv = weights.get('text/csv') ?? weights.get('text/*') ?? 0;
  const json = weights.get('application/json') ?? weights.get('application/*') ?? 0;
  return csv > json;
}

function readRange(range: string): [type: string, weight: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return [type, weight >= 0 && weight <= 1 ? weight : 0];
}
