import { Module } from '@nestjs/common';
import { CallsModule } from '../calls/calls.module.js';
import { SuppressionsController } from './suppressions.controller.js';

@Module({ imports: [CallsModule], controllers: [SuppressionsController] })
export class SuppressionsModule {}
