import http from 'node:http';
import net from 'node:net';
import { codeOf } from '../../base/errors.ts';
import { passed, type DoctorCheck } from '../check.ts';
import type { WorkerPort } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { hasUnreadFile } from './settings-files.ts';

const ANSWER_MS = 1_000;

export const workerPortsCheck: DoctorCheck = {
  id: 'KF-PROJ-004',
  title: 'Worker ports',
  plane: 'project',
  offline: true,
  timeoutMs: 4_000,
  notApplicable: (input) => {
    if (!input.inProject || hasUnreadFile(input)) return 'no worker here, or its settings cannot be read';
    return input.workerPorts.length === 0 ? 'the worker uses any free port' : undefined;
  },
  run: async ({ input, signal }) => {
    const { workerPorts } = input;
    const facts = Object.fromEntries(workerPorts.map(({ use, port }) => [use, port.value]));
    const taken = await Promise.all(workerPorts.map(async (one) => ((await accepts(one, signal)) ? [one] : [])));
    const [first] = taken.flat();
    if (first === undefined) return passed(`free: ${describePorts(workerPorts)}`, facts);
    // Probably a worker of this project. The health endpoint does not say which project it belongs to.
    const health = workerPorts.find(({ use }) => use === 'health');
    if (health !== undefined && (await isWorker(health, signal)))
      return passed(`a worker of this or another project is using ${describePorts(workerPorts)}`, facts);
    const { use, port } = first;
    const text = `Another program uses the ${use} port ${port.value} (${port.source}), so the worker cannot start on this machine`;
    const values = { key: `worker.${use}-port`, source: port.source, port: String(port.value) };
    return toFinding('KF-PROJ-004', 'worker-port-in-use', text, { facts, values });
  },
};

const describePorts = (ports: readonly WorkerPort[]): string =>
  ports.map(({ use, port }) => `${use} port ${port.value}`).join(', ');

/** Whether something on this machine accepts connections there. Nothing is opened, because a port in use by this check would look the same. */
function accepts({ port }: WorkerPort, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port: port.value, signal, timeout: ANSWER_MS });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true)).on('timeout', () => done(false));
    socket.on('error', (error) => (codeOf(error) === 'ABORT_ERR' ? reject(error) : done(false)));
  });
}

/** Whether a worker responds there: `/livez` has the status 200 as long as its process runs, and `/readyz` has 200 or 503. */
async function isWorker({ port }: WorkerPort, signal: AbortSignal): Promise<boolean> {
  const [live, ready] = await Promise.all([statusOf('/livez'), statusOf('/readyz')]);
  return live === 200 && (ready === 200 || ready === 503);

  function statusOf(path: string): Promise<number | undefined> {
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: port.value, path, agent: false, signal, timeout: ANSWER_MS };
      const request = http.get(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('timeout', () => request.destroy()).on('error', () => resolve(undefined));
    });
  }
}
