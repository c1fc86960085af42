/** Waits for `work` to settle, either way, but no longer than `boundSeconds`: a connection that is stalled answers nothing. Never rejects. */
export function settledWithin(boundSeconds: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, boundSeconds * 1000);
    const settled = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(settled, settled);
  });
}
