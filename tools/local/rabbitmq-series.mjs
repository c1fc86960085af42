import { SetupError } from './setup-error.mjs';

/** What `RABBITMQ_SERIES` may ask for: this version or a newer one. */
export const NEWER_SERIES = '4.3';

/**
 * The RabbitMQ that the caller wants by RABBITMQ_SERIES: '4.3' for that one or a newer one, undefined for what the machine or
 * its release of the distribution has.
 */
export function wantedSeries(value = process.env.RABBITMQ_SERIES) {
  if (!value) return undefined;
  if (value === NEWER_SERIES) return value;
  throw new SetupError(
    `RABBITMQ_SERIES is "${value}". Set it to ${NEWER_SERIES}, or unset it to get the RabbitMQ of this machine's distribution.`,
  );
}

/** Whether a version such as '4.3.6' is of the series or newer; any version is when no series is asked for. */
export function isOfSeries(version, series) {
  if (!series) return true;
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = series.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
