import { catalogue } from './catalogue.js';
import { exchanges, topology } from './topology/topology.js';

/** What each of MentorHub's services tells the task runtime. */
export const mentorHub = { catalogue, topology, exchanges };
