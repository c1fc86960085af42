import { Module } from '@nestjs/common';
import { Suppressions } from './suppressions.js';
import { SuppressionsController } from './suppressions.controller.js';

@Module({ controllers: [SuppressionsController], providers: [Suppressions], exports: [Suppressions] })
export class SuppressionsModule {}
