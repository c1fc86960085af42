import { createRequire } from 'node:module';

/** Loads a file of amqplib that it does not export, to compare what we write and read with what it does. */
export const insideAmqplib: NodeJS.Require = createRequire(createRequire(import.meta.url).resolve('amqplib'));

/** Its encoders of methods and properties, and their numbers. */
export const defs = insideAmqplib('./lib/defs.js') as {
  encodeMethod(method: number, channel: number, fields: object): Buffer;
  encodeProperties(properties: number, channel: number, size: number, fields: object): Buffer;
  BasicPublish: number;
  BasicDeliver: number;
  BasicReturn: number;
  BasicAck: number;
  BasicProperties: number;
};

export const { makeBodyFrame } = insideAmqplib('./lib/frame.js') as {
  makeBodyFrame(channel: number, body: Buffer): Buffer;
};
