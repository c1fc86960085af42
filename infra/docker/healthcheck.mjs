// Exits with 0 when the service in this container answers: `live` asks for the process alone, `ready` for all it needs.
const port = process.env.METRICS_PORT || '9464';
const kind = process.argv[2] ?? 'live';
try {
  const response = await fetch(`http://127.0.0.1:${port}/health/${kind}`, { signal: AbortSignal.timeout(4000) });
  if (!response.ok) fail(await response.text());
} catch (error) {
  fail(`Nothing answers at port ${port}: ${error.message}`);
}

function fail(reason) {
  console.error(reason); // Kept by the engine: "docker inspect" shows it.
  process.exitCode = 1;
}
