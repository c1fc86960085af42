import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { Course } from './course.entity.js';
import { CoursesController } from './courses.controller.js';
import { Courses } from './courses.js';

@Module({
  imports: [TypeOrmModule.forFeature([Course]), IdempotencyModule],
  controllers: [CoursesController],
  providers: [Courses],
})
export class CoursesModule {}
