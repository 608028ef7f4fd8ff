/** The processor time that synchronous work needs, in milliseconds: unlike its duration, it hardly depends on how busy the machine is. */
export function cpuMilliseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
