import { superviseProcess } from '../../../../src/platform/supervisor/client.ts';

// A stand-in for the CLI: starts a supervised process and prints its pids. With `graceful` it stops it on the first
// SIGINT.
const [, , supervisorEntry = '', childScript = '', mode = ''] = process.argv;
const supervised = await superviseProcess({
  supervisorEntry,
  command: process.execPath,
  args: ['-e', childScript],
  stopGrace: 3000,
});
if (mode === 'graceful') {
  process.on('SIGINT', () => {
    void supervised.stop().then(() => process.exit(0));
  });
}
process.stdout.write(`${JSON.stringify({ pid: supervised.pid, supervisorPid: supervised.supervisorPid })}\n`);
setInterval(() => undefined, 1000);
