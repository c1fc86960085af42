import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, serverUser } from './unprivileged-user.mjs';

export const RABBITMQ_USER = 'mentorhub';

/** The names of the ports that one node needs. */
export const RABBITMQ_PORTS = ['amqp', 'management', 'prometheus', 'distribution', 'epmd'];

/** Writes everything that the node reads into its directory, and returns the environment that makes it read only that. */
export function configureRabbitMq({ directory, ports, binaries }) {
  const at = (name) => join(directory, name);
  for (const folder of ['.', 'home', 'data', 'log', 'conf.d']) makePrivateDirectory(at(folder));
  const password = keepSecret(at('password'));
  keepSecret(at('home/.erlang.cookie'), 0o400);
  writeConfiguration(at, ports, password);
  const env = {
    ...commonEnvironment(),
    HOME: at('home'),
    RABBITMQ_NODENAME: nodeName(directory),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_CONFIG_FILES: at('conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('data/config'),
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_FEATURE_FLAGS_FILE: at('data/feature_flags'),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP: at('log/erl_crash.dump'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // The start script then becomes the server instead of starting it as a child: the pid that we have is the node's.
    RUNNING_UNDER_SYSTEMD: 'true',
    ...binaries.env,
  };
  return { env, password };
}

// Nothing else of our environment: a RABBITMQ_ or ERL_ variable of the caller would change the node in ways nobody expects.
function commonEnvironment() {
  const { PATH, TMPDIR } = process.env;
  return { PATH, LANG: 'C.UTF-8', ...(TMPDIR ? { TMPDIR } : {}) };
}

/** Different in every directory: two nodes on one machine never meet, even should they share a port mapper. */
function nodeName(directory) {
  return `mentorhub-${createHash('sha256').update(directory).digest('hex').slice(0, 10)}@localhost`;
}

function writeConfiguration(at, ports, password) {
  const settings = {
    'listeners.tcp.1': `127.0.0.1:${ports.amqp}`,
    'management.tcp.ip': '127.0.0.1',
    'management.tcp.port': ports.management,
    // It closes a connection whose request comes later than this, 5 s by default, which a busy machine may take.
    'management.tcp.request_timeout': 60_000,
    'prometheus.tcp.ip': '127.0.0.1',
    'prometheus.tcp.port': ports.prometheus,
    default_user: RABBITMQ_USER,
    default_pass: password,
    'default_user_tags.administrator': 'true',
    'log.file.level': 'info',
    // Message counts that people and tests look at are then a quarter of a second old, not five.
    collect_statistics_interval: 250,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  write(at('rabbitmq.conf'), `${lines.join('\n')}\n`);
  write(at('enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n');
  write(at('advanced.config'), '[{rabbit, [{quorum_tick_interval, 250}]}].\n');
  write(at('rabbitmq-env.conf'), '# Empty on purpose: it takes the place of the one in /etc.\n');
}

function write(file, content, mode = 0o600) {
  writeFileSync(file, content, { mode });
  const user = serverUser();
  if (user) chownSync(file, user.uid, user.gid);
}

function keepSecret(file, mode = 0o600) {
  if (!existsSync(file)) write(file, randomBytes(18).toString('hex'), mode);
  return readFileSync(file, 'utf8');
}
