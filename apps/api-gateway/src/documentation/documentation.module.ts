import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DocumentedRoutes } from './documented-routes.js';
import { DocumentationController } from './documentation.controller.js';

@Module({ imports: [DiscoveryModule], controllers: [DocumentationController], providers: [DocumentedRoutes] })
export class DocumentationModule {}
