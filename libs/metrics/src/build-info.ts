import { gauge } from './registry.js';

/** Always 1; its labels say which build is running. */
export const buildInfo = gauge('build_info', 'Which build this process runs; always 1.', ['version', 'revision']);

/** Publishes the running build. `revision` is the commit, `unknown` outside an image. */
export function setBuildInfo(version: string, revision = 'unknown'): void {
  buildInfo.reset();
  buildInfo.set({ version, revision }, 1);
}
