/** After all tests: ends what the setup started and removes its directory. */
export default async function stopTestInfrastructure() {
  await globalThis.mentorhubTestInfrastructure?.discard();
}
