import { Module } from '@nestjs/common';
import { CallsModule } from '../calls/calls.module.js';
import { StatisticsController } from './statistics.controller.js';

@Module({ imports: [CallsModule], controllers: [StatisticsController] })
export class StatisticsModule {}
