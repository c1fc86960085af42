import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InjectConfig, type BaseConfig } from '@mentorhub/service';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PublicRoute } from '../auth/authenticate.js';
import { notFound } from '../problems/problem.js';
import { DocumentedRoutes } from './documented-routes.js';
import { openApiDocument } from './openapi.js';
import { page, pagePolicy, startScript } from './page.js';

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const assetTypes: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

/** The OpenAPI document and a page to read and try it, which loads nothing from elsewhere. Both need no key; API_DOCS=false leaves them out. */
@Controller('docs')
export class DocumentationController {
  private document: object | undefined;

  constructor(
    @InjectConfig() private readonly config: Pick<BaseConfig, 'SERVICE_VERSION'>,
    private readonly routes: DocumentedRoutes,
  ) {}

  @Get()
  @PublicRoute()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy)
  page(): string {
    return page;
  }

  @Get('openapi.json')
  @PublicRoute()
  openApi(): object {
    return (this.document ??= openApiDocument(this.routes.all(), this.config.SERVICE_VERSION));
  }

  @Get('start.js')
  @PublicRoute()
  @Header('content-type', 'text/javascript; charset=utf-8')
  start(): string {
    return startScript;
  }

  @Get(':asset')
  @PublicRoute()
  async asset(@Param('asset') asset: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const type = Object.hasOwn(assetTypes, asset) ? assetTypes[asset] : undefined;
    if (!type) throw notFound('The documentation has no such file.');
    reply.headers({ 'content-type': type, 'cache-control': 'public, max-age=3600' });
    return readFile(join(swaggerUi, asset));
  }
}
