import { subscribe } from 'node:diagnostics_channel';

// Loaded into the mail catcher: maildev shows its page only to who asks for HTML by name, and answers 404 to a plain GET
// of the address that we print. Scripts and health checks ask that way.
subscribe('http.server.request.start', ({ request }) => {
  if (request.method === 'GET' && request.url === '/') request.headers.accept = 'text/html';
});
