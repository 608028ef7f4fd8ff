import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

/** A script that uses only the package. */
const SCRIPT = `
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporal, platformEnvironment, startPlatform, writeCaBundle } from 'create-kuflow-worker/platform';

const stateDir = await mkdtemp(join(tmpdir(), 'own-platform-'));
const any = { kind: 'exact', port: 0 } as const;
const { path } = await findTemporal({ env: process.env });
const seen: string[] = [];
const platform = await startPlatform({
  stateDir,
  temporalPath: path,
  ports: { http: any, https: any, engine: any },
  definitions: [
    {
      process: { code: 'LEAVE' },
      workflow: { type: 'LeaveWorkflow', taskQueue: 'LEAVE_QUEUE' },
      tasks: [{ code: 'ASK', kind: 'human', data: { schema: { type: 'object', properties: { days: { type: 'number' } } } } }],
    },
  ],
  report: (event) => {
    if (event.kind === 'process') seen.push(event.what);
  },
});
const { identity, loopback } = platform;
const environment = platformEnvironment({
  endpoints: platform.endpoints,
  application: identity.application,
  tenantId: identity.tenantId,
  caFile: platform.caFile,
  caBundleFile: await writeCaBundle(stateDir, platform.caFile),
});
const api = (route: string, init: RequestInit = {}): Promise<Response> =>
  fetch(loopback.http + '/v2024-06-14' + route, {
    ...init,
    headers: { authorization: 'Bearer ' + identity.user.token.reveal(), 'content-type': 'application/json' },
  });
platform.faults.add({ operationId: 'createProcess', times: 1, action: { kind: 'status', status: 503 } });
const body = JSON.stringify({ processDefinitionCode: 'LEAVE', tenantId: identity.tenantId });
const refused = await api('/processes', { method: 'POST', body });
const made = await api('/processes', { method: 'POST', body });
await platform.engineIdle();
await platform.stop();
await platform.stop();
await rm(stateDir, { recursive: true });
console.log(
  JSON.stringify({
    refused: refused.status,
    made: made.status,
    secret: String(identity.application.secret),
    names: Object.keys(environment).sort(),
    seen: seen.length > 0,
  }),
);
`;

/** A script with the code of the guide. It adds the fault before the platform stops. */
function exampleOfGuide(): string {
  const page = readFileSync(join(ROOT, 'docs', 'how-to', 'connect-other-programs.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  const [start = '', fault = ''] = blocks.filter((code) => /\bplatform\b/.test(code));
  return `
import { mkdtempSync } from 'node:fs';
const stateDir = mkdtempSync(process.cwd() + '/guide-');
const workflow = { type: 'LeaveWorkflow', taskQueue: 'LEAVE_QUEUE' };
const definitions = [{ process: { code: 'LEAVE' }, workflow, tasks: [{ code: 'ASK', kind: 'human' as const }] }];
${start.replace('await platform.stop();', () => `${fault}await platform.stop();`)}
console.log(environment['KUFLOW_API_ENDPOINT'] === platform.endpoints.https, platform.faults.list().length);
`;
}

const WRONG = `
import { startPlatform } from 'create-kuflow-worker/platform';
// @ts-expect-error a folder, definitions and the program are needed
void startPlatform({});
// @ts-expect-error there is no such kind of task
void startPlatform({ stateDir: '/x', temporalPath: '/t', definitions: [{ process: { code: 'A' }, workflow: { type: 'T', taskQueue: 'Q' }, tasks: [{ code: 'C', kind: 'robot' }] }] });
`;

let folder: string;

beforeAll(() => {
  // Below the folder where the package is installed, so that Node.js can resolve it.
  folder = mkdtempSync(join(inject('cliFolder'), 'script-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('create-kuflow-worker/platform', () => {
  it('exports what its types declare', async () => {
    const dist = join(inject('cliFolder'), 'node_modules/create-kuflow-worker/dist');
    const text = readFileSync(join(dist, 'platform.d.ts'), 'utf8');
    const declaredNames = [...text.matchAll(/^export declare \w+ (\w+)/gm)].map(([, name]) => name);
    const packed = pathToFileURL(join(dist, 'platform.js')).href;
    expect(Object.keys((await import(/* @vite-ignore */ packed)) as object).sort()).toEqual(declaredNames.sort());
  });

  it('type-checks in a script, and rejects wrong types', () => {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'script.ts'), SCRIPT);
    writeFileSync(join(folder, 'guide.ts'), exampleOfGuide());
    writeFileSync(join(folder, 'wrong.ts'), WRONG);
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2023',
    ];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')];
    const files = ['script.ts', 'guide.ts', 'wrong.ts'].map((name) => join(folder, name));
    const result = spawnSync(process.execPath, [tsc, ...options, ...types, ...files], {
      encoding: 'utf8',
      cwd: folder,
    });
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });

  /** Runs a script to its end and returns its output. */
  async function run(name: string, source: string): Promise<string> {
    const { transform } = await import('esbuild');
    const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' });
    writeFileSync(join(folder, name), code);
    return execFileSync(process.execPath, [name], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  }

  it('runs as the guide shows', async () => {
    expect(await run('guide.mjs', exampleOfGuide())).toBe('true 1\n');
  });

  it('runs in a plain script, which exits by itself after the platform has stopped', async () => {
    expect(JSON.parse(await run('script.mjs', SCRIPT))).toEqual({
      refused: 503,
      made: 201,
      secret: '[redacted]',
      names: [
        ...['KUFLOW_API_CA', 'KUFLOW_API_CLIENTID', 'KUFLOW_API_CLIENTSECRET', 'KUFLOW_API_ENDPOINT'],
        ...['KUFLOW_API_TENANTID', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'TEMPORAL_TARGET'],
      ],
      seen: true,
    });
  });
});
