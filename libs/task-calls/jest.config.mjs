import { projectConfig } from '../../jest.preset.mjs';

export default projectConfig('task-calls');
