export { connectionsToClose, databaseFaultOf, isDatabaseAway, isPassingFault } from './database-fault.js';
export type { DatabaseFault } from './fault-table.js';
