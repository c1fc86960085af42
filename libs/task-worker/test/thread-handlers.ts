import { threadHandler } from '../src/index.js';
import { Act, ActBriefly, Upload } from './example-tasks.js';

export const actModule = new URL('./threads/act.ts', import.meta.url);

export const threadHandlers = [
  threadHandler(Act, actModule),
  threadHandler(ActBriefly, actModule),
  threadHandler(Upload, new URL('./threads/upload.ts', import.meta.url)),
];
