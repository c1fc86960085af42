import { CreateGatewaySchema1763800100000 } from './migrations/1-create-gateway-schema.js';

/** The schema that these migrations build; they are append-only. */
export const gatewaySchema = 'gateway';
export const gatewayMigrations = [CreateGatewaySchema1763800100000];
