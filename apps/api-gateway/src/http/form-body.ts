import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';

/** A mail client's one click is 26 bytes. */
const largestFormBytes = 4_096;

/** Takes the body of a form, on routes with `takesForms`, and drops it: what such a route has to know stands in its URL. */
export function dropFormBodies(app: NestFastifyApplication): void {
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data'])
    app.useBodyParser<RawServerDefault>(type, { bodyLimit: largestFormBytes }, (_request, _body, done) => {
      if (done) done(null, undefined);
    });
}
