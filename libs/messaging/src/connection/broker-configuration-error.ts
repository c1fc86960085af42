/**
 * Something that trying again cannot mend: wrong credentials, a vhost that does not exist, a topology that does not fit. Its message is
 * one sentence (or two) that says what is wrong and what to do; a service prints it and exits.
 */
export class BrokerConfigurationError extends Error {
  override readonly name = 'BrokerConfigurationError';
}
