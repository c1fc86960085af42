import { type BrokerAddress, describeAddress } from './broker-address.js';
import { BrokerConfigurationError } from './broker-configuration-error.js';

/** A vhost that is just being started refuses like one that does not exist, so this refusal is believed only once it has lasted. */
const vhostRefusalIsPermanentAfterMs = 4_000;

/**
 * Tells a refusal that will repeat (wrong password, no such vhost) from an absence that will pass (connection refused, name not resolved,
 * a node that still starts). Only the former ends the process. A vhost that was open before is refused for a reason that may pass: a
 * limit of connections, or the vhost is down.
 */
export class ConnectFailureJudge {
  private vhostRefusedSince: number | undefined;
  private wasOpen = false;

  permanent(error: Error, address: BrokerAddress, now = performance.now()): BrokerConfigurationError | undefined {
    if (/ACCESS.REFUSED/.test(error.message)) return credentialsRefused(address);
    if (!isVhostRefusal(error)) {
      this.vhostRefusedSince = undefined;
      return undefined;
    }
    if (this.wasOpen) return undefined;
    this.vhostRefusedSince ??= now;
    return now - this.vhostRefusedSince >= vhostRefusalIsPermanentAfterMs ? vhostRefused(address) : undefined;
  }

  connected(): void {
    this.wasOpen = true;
    this.vhostRefusedSince = undefined;
  }
}

/** amqplib drops the server's reason here; what RabbitMQ closes at this point is about the vhost, or about how many connections there are. */
function isVhostRefusal(error: Error): boolean {
  return error.message.includes('Expected ConnectionOpenOk; got <ConnectionClose');
}

function credentialsRefused(address: BrokerAddress): BrokerConfigurationError {
  return new BrokerConfigurationError(
    `RabbitMQ at ${describeAddress(address)} refused the user "${address.user}": correct the user and the password in the broker's URL.`,
  );
}

function vhostRefused(address: BrokerAddress): BrokerConfigurationError {
  return new BrokerConfigurationError(
    `RabbitMQ at ${describeAddress(address)} does not open this vhost for the user "${address.user}": create the vhost, grant the user access to it, or correct the broker's URL. If all of that is right, a limit of connections is reached: of the vhost, the user or the node.`,
  );
}
