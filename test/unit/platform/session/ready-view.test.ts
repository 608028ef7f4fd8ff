import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/base/secret.ts';
import { shellPath } from '../../../../src/base/shell.ts';
import { readyHints } from '../../../../src/platform/session/ready-view.ts';

const endpoints = {
  http: 'http://127.0.0.1:7480',
  https: 'https://127.0.0.1:7443',
  engine: '127.0.0.1:7483',
  temporal: '127.0.0.1:40000',
};

const user = {
  principalId: '1',
  email: 'ada@example.com',
  name: 'Ada',
  token: new Secret('kfdev_token'),
};

const running = { processes: ['LOAN'], endpoints, user, taskQueues: { LOAN: 'LOAN_QUEUE' } };

describe('the advice of a platform that is ready', () => {
  it('has complete commands for this platform', () => {
    const hints = (stateDir?: string): string =>
      readyHints(running, 'npx kuflow', {
        stateDir,
        runs: 'platform',
        start: 'npm start',
        showToken: false,
      }).join('\n');
    expect(hints()).toContain('npx kuflow dev exec -- npm start\n');
    expect(hints()).toContain('npx kuflow dev simulate -- npm start\n');
    const besideWorker = readyHints({ ...running, processes: ['LOAN', 'LEAVE'] }, 'npx kuflow', {
      runs: 'command',
      start: './mvnw spring-boot:run',
      showToken: true,
    }).join('\n');
    expect(besideWorker).toContain('npx kuflow dev simulate LOAN -- ./mvnw spring-boot:run\n');
    expect(besideWorker).not.toContain('dev exec');
    const withWebhook = readyHints({ ...running, taskQueues: {} }, 'npx kuflow', {
      ...{ runs: 'platform', start: 'npm start', showToken: false },
    }).join('\n');
    expect(withWebhook).toContain('npx kuflow dev exec -- <your program>\n');
    expect(withWebhook).toContain('npx kuflow process start LOAN\n');
    const inProject = readyHints(running, 'npx kuflow', {
      ...{ runs: 'platform', start: 'npm start', dev: 'npm run dev', smoke: 'npm run smoke', showToken: false },
    }).join('\n');
    expect(inProject).toMatch(/ start worker +npm run dev\n/);
    expect(inProject).toMatch(/ run a process +npm run smoke\n/);
    const folder = `/tmp/${'d'.repeat(600)} 2`;
    for (const command of ['exec', 'env', 'open', 'simulate'])
      expect(hints(folder)).toContain(`npx kuflow dev ${command} --state-dir ${shellPath(folder)}`);
  });

  it('has what signs the user in to the console: its address on a terminal, a command elsewhere', () => {
    const hints = (showToken: boolean): string =>
      readyHints(running, 'npx kuflow', {
        runs: 'platform',
        start: 'npm start',
        showToken,
      }).join('\n');
    expect(hints(true)).toMatch(/console +http:\/\/127\.0\.0\.1:7480\/console\/#token=kfdev_token\n/);
    expect(hints(false)).toMatch(/console +npx kuflow dev open\n/);
    expect(hints(false)).not.toContain('kfdev_token');
  });

  it("has the address of Temporal's UI if it runs", () => {
    const hints = (more: { readonly temporalUi?: string }): string =>
      readyHints({ ...running, endpoints: { ...endpoints, ...more } }, 'npx kuflow', {
        runs: 'platform',
        start: 'npm start',
        showToken: false,
      }).join('\n');
    expect(hints({ temporalUi: 'http://127.0.0.1:7484' })).toMatch(/Temporal's UI +http:\/\/127\.0\.0\.1:7484\n/);
    expect(hints({})).not.toContain('Temporal');
  });
});
