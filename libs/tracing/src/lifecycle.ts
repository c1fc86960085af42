const flushSeconds = 5;
let stop: (() => Promise<void>) | undefined;

/** Remembers how to stop the SDK that `register` started. */
export function tracingStarted(stopSdk: () => Promise<void>): void {
  stop = stopSdk;
}

/**
 * Sends the spans that are still waiting and stops tracing. The last thing a service does before it exits, so that the
 * spans of the shutdown itself are sent too. Waits at most 5 seconds, never throws, does nothing without an SDK.
 */
export async function shutdownTracing(): Promise<void> {
  const stopSdk = stop;
  stop = undefined;
  if (!stopSdk) return;
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, flushSeconds * 1000);
  await Promise.race([stopSdk().catch(() => undefined), tooLate]);
  clearTimeout(timer);
}
