import { exchanges } from '@mentorhub/contracts';
import { Broker } from '@mentorhub/messaging';
import { SERVICE_CONFIG, type BaseConfig } from '@mentorhub/service';
import { Calls } from '@mentorhub/task-calls';
import { Module, type OnApplicationBootstrap } from '@nestjs/common';

/** Calls to other services. The queue for answers goes with the broker's connection. */
@Module({
  providers: [
    {
      provide: Calls,
      inject: [Broker, SERVICE_CONFIG],
      useFactory: (broker: Broker, { INSTANCE_NAME: worker }: BaseConfig) => new Calls({ broker, exchanges, worker }),
    },
  ],
  exports: [Calls],
})
export class CallsModule implements OnApplicationBootstrap {
  constructor(private readonly calls: Calls) {}

  /** The first who asks need not wait for the subscription then. */
  onApplicationBootstrap(): void {
    this.calls.start();
  }
}
