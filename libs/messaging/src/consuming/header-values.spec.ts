import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { misfit, orUndefined, textGetter, textHeader, wholeNumberHeader } from './header-values.js';

/** What amqplib makes of a header's types, and tables with names that mean something to JavaScript. */
const oddities: readonly unknown[] = [
  null,
  true,
  1.5,
  -1,
  2 ** 60,
  Buffer.from('1'),
  { '!': 'timestamp', value: 2 ** 64 },
  { '!': 'decimal', value: { places: 2, digits: 314 } },
  [],
  [1],
  {},
  { toString: 'text', valueOf: 'text', toJSON: 'text', constructor: 'text', then: 'text', length: 'text' },
];
const count = { least: 1, most: 1_000 };

describe('reading a header', () => {
  it('gives the value where it fits', () => {
    const headers = { text: 'a', number: 7, digits: '7' };
    expect(textHeader(headers, 'text')).toBe('a');
    expect(wholeNumberHeader(headers, 'number', count)).toBe(7);
    expect(wholeNumberHeader(headers, 'digits', count)).toBe(7);
  });

  it('gives nothing where there is none, also not what every object has or what a table set as its prototype', () => {
    const headers = Object.create({ attempt: 3 }) as Record<string, unknown>;
    for (const name of ['attempt', 'toString', 'constructor', '__proto__']) {
      expect(textHeader(headers, name)).toBeUndefined();
      expect(wholeNumberHeader(headers, name, count)).toBeUndefined();
    }
  });

  it.each(oddities.map((value) => [value]))('says that %j fits nothing', (value) => {
    expect(textHeader({ value }, 'value')).toBe(misfit);
    expect(wholeNumberHeader({ value }, 'value', count)).toBe(misfit);
    expect(orUndefined(textHeader({ value }, 'value'))).toBeUndefined();
  });

  it.each(['', ' 7', '7.0', '1e2', '0x7', '-7', '0', '1001', 'Infinity', '9'.repeat(400)])(
    'takes the text "%s" for no number',
    (text) => expect(wholeNumberHeader({ text }, 'text', count)).toBe(misfit),
  );

  it.each(oddities.map((value) => [value]))('lets no propagator meet %j', (value) => {
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
    const headers = { traceparent: value, tracestate: [value], baggage: value };
    const extracted = new CompositePropagator({ propagators }).extract(ROOT_CONTEXT, headers, textGetter);
    expect(propagation.getBaggage(extracted)).toBeUndefined();
  });
});
