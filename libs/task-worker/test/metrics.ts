/** As much of a counter as is needed to read it. */
interface Metric {
  get(): Promise<{ values: { value: number; labels: Partial<Record<string, string | number>> }[] }>;
}

/** The value of a counter; 0 when it has never counted these labels. */
export async function counted(metric: Metric, labels: Readonly<Record<string, string>>): Promise<number> {
  const { values } = await metric.get();
  const found = values.find((value) => Object.entries(labels).every(([name, label]) => value.labels[name] === label));
  return found?.value ?? 0;
}
