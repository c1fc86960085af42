/**
 * Processor time that this process spends from now on. Unlike a rate it hardly changes when other programs want the machine too.
 *
 * @returns {(units: number) => number} microseconds for each of so many units
 */
export function cpuMeter() {
  const before = process.cpuUsage();
  return (units) => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / units;
  };
}
