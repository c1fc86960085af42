import { threadHandler } from '../src/index.js';
import { Act, ActBriefly, ActLimited, Upload, UploadBriefly } from './example-tasks.js';

export const actModule = new URL('./threads/act.ts', import.meta.url);

const uploadModule = new URL('./threads/upload.ts', import.meta.url);

export const threadHandlers = [
  threadHandler(Act, actModule),
  threadHandler(ActBriefly, actModule),
  threadHandler(ActLimited, actModule),
  threadHandler(Upload, uploadModule),
  threadHandler(UploadBriefly, uploadModule),
];
