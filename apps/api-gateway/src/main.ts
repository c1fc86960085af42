import 'reflect-metadata';
import { runService } from '@mentorhub/service';
import { gatewayService } from './gateway-service.js';

await runService(gatewayService);
