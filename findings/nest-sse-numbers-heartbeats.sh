#!/usr/bin/env bash
# @nestjs/core 12.5.1 with @nestjs/platform-fastify 12.5.0: a server-sent message without an id gets one from a counter of the
# connection, which counts such messages alone. A heartbeat between two messages with ids of one's own therefore takes the
# client's place in the stream away: it reconnects with the counter's number as its Last-Event-ID.
# Seen: id: 7001 | id: 1 | id: 7002
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact @nestjs/common@12.5.1 @nestjs/core@12.5.1 @nestjs/platform-fastify@12.5.0 rxjs@7.8.2 reflect-metadata@0.2.2 >/dev/null
cat >run.mjs <<'JS'
import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { of } from 'rxjs';
class Feed {
  messages() {
    return of({ id: '7001', data: 'first' }, { type: 'ping', data: '' }, { id: '7002', data: 'second' });
  }
}
Sse('feed')(Feed.prototype, 'messages', Object.getOwnPropertyDescriptor(Feed.prototype, 'messages'));
Controller()(Feed);
class App {}
Module({ controllers: [Feed] })(App);
const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();
const text = await (await fetch(`http://127.0.0.1:${port}/feed`)).text();
console.log(text.split('\n').filter((line) => line.startsWith('id:')).join(' | '));
await app.close();
JS
seen=$(node run.mjs); echo "$seen"
[ "$seen" = 'id: 7001 | id: 1 | id: 7002' ] || { echo 'The behaviour has changed.'; exit 1; }
