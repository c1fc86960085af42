import { fileURLToPath } from 'node:url';
import { readTracingSettings } from './settings.js';

const script = fileURLToPath(import.meta.url);
const endpoint = 'http://collector:4318';

describe('whether to trace', () => {
  it('does not trace without a collector', () => {
    expect(readTracingSettings({}, script)).toBeUndefined();
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, script)).toBeUndefined();
  });

  it.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])('traces when %s is set', (name) => {
    expect(readTracingSettings({ [name]: endpoint }, script)).toEqual({ serviceName: 'tracing' });
  });

  it('does not trace when the SDK is disabled', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'TRUE' };
    expect(readTracingSettings(env, script)).toBeUndefined();
  });

  it('names the service after the package being started unless it has a name of its own', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    expect(readTracingSettings({ ...env, OTEL_SERVICE_NAME: 'worker' }, script)?.serviceName).toBe('worker');
    expect(readTracingSettings(env, undefined)?.serviceName).toBe('unknown_service');
  });

  it('refuses an endpoint that is no HTTP URL and says what to set', () => {
    expect(() => readTracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, script)).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT is wrong: it is not an HTTP URL. Set OTEL_EXPORTER_OTLP_ENDPOINT to a collector such as',
    );
  });
});
