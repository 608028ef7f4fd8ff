import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { startLargeTenant, uuid, type LargeTenant } from '../../support/large-tenant.ts';
import { startRunningKuFlow } from '../commands/running-kuflow.ts';
import { writeUntouchedProject } from '../../support/untouched-project.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const folder = temporaryFolders();
let tenant: LargeTenant | undefined;

afterEach(async () => {
  await tenant?.close();
  tenant = undefined;
});

async function printedKeys(
  argv: readonly string[],
  over: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<readonly string[]> {
  const fake = fakeHost(argv, over);
  const root = { name: 'kuflow', description: '', version: '0.0.0', invocation: 'kuflow', commands: kuflowEntries };
  await runProgram(root, fake.host);
  return Object.keys(JSON.parse(fake.stdout()) as object);
}

/** The fields of a command's output in docs/reference/output.md: those that are always present, and all. */
function documentedKeys(command: string): { readonly always: readonly string[]; readonly all: readonly string[] } {
  const page = readFileSync(join(ROOT, 'docs', 'reference', 'output.md'), 'utf8');
  const section = page.split(/^### /m).find((part) => part.startsWith(`${command}\n`)) ?? '';
  const shape = (/```\n([^]*?)```/.exec(section) ?? /^`(\{[^`]*\})`/m.exec(section))?.[1] ?? '';
  // Only the outermost object: nested ones are described in the text.
  let depth = 0;
  const outermost = Array.from(shape, (character) => {
    depth += '{['.includes(character) ? 1 : ']}'.includes(character) ? -1 : 0;
    return depth === 1 && !'{}[]'.includes(character) ? character : '';
  }).join('');
  const fields = [...outermost.matchAll(/([A-Za-z]+)(\??)(?=\s*[:,\s]|$)/g)].filter(([name]) => name !== '');
  return {
    always: fields.filter(([, , mark]) => mark === '').map(([, name = '']) => name),
    all: fields.map(([, name = '']) => name),
  };
}

function expectDocumented(command: string, keys: readonly string[], least = 3): void {
  const { always, all } = documentedKeys(command);
  expect(always.length, command).toBeGreaterThanOrEqual(least);
  expect({ command, missing: always.filter((key) => !keys.includes(key)) }).toEqual({ command, missing: [] });
  expect({ command, unknown: keys.filter((key) => !all.includes(key)) }).toEqual({ command, unknown: [] });
}

describe('docs/reference/output.md', () => {
  it.each(['kuflow doctor', 'kuflow dev simulate'])('has an example of %s with the documented fields', (command) => {
    const page = readFileSync(join(ROOT, 'docs', 'reference', 'output.md'), 'utf8');
    const section = page.split(/^### /m).find((part) => part.startsWith(`${command}\n`)) ?? '';
    const example = JSON.parse(/```json\n([^]*?)```/.exec(section)?.[1] ?? '') as object;
    expectDocumented(command, Object.keys(example));
  });

  it('documents every field that create, add and update print', async () => {
    const cwd = folder();
    const quiet = ['--local', '--no-install', '--no-git', '--no-check', '--yes', '--json'];
    expectDocumented('kuflow create', await printedKeys(['create', 'loan-worker', ...quiet], { cwd }));
    const project = join(cwd, 'loan-worker');
    for (const words of [
      ['task', 'REVIEW'],
      ['process', 'LEAVE', '--task', 'REQUEST', '--workflow-type', 'LeaveWorkflow'],
      ['activity', 'sendMail'],
    ]) {
      const keys = await printedKeys(['add', ...words, '--dry-run', '--json', '--yes'], { cwd: project });
      // The page describes the shape only once, at the first command that prints it.
      expectDocumented('kuflow add task', keys);
    }
    expectDocumented('kuflow add task', await printedKeys(['generate', '--json'], { cwd: project }));
    expectDocumented('kuflow update', await printedKeys(['update', '--dry-run', '--json'], { cwd: project }));
  });

  it('documents every field that definitions list and show print', async () => {
    tenant = await startLargeTenant();
    const env = {
      KUFLOW_API_ENDPOINT: tenant.endpoint,
      KUFLOW_API_CLIENTID: uuid(8, 1),
      KUFLOW_API_CLIENTSECRET: 'secret',
    };
    const cwd = folder();
    expectDocumented('kuflow definitions list', await printedKeys(['definitions', 'list', '--json'], { cwd, env }));
    expectDocumented(
      'kuflow definitions show',
      await printedKeys(['definitions', 'show', 'LOAN', '--json'], { cwd, env }),
    );
    const asked = tenant.requests.length;
    expect(asked).toBeGreaterThan(1);
    // Completion makes no request, although it has credentials.
    const fake = fakeHost(['__complete', 'fish', '--', 'kuflow', 'definitions', 'show', ''], { cwd, env });
    const root = { name: 'kuflow', description: '', version: '0', invocation: 'kuflow', commands: kuflowEntries };
    expect(await runProgram(root, fake.host)).toBe(0);
    expect(tenant.requests.length).toBe(asked);
  });

  it('documents every field that sync prints', async () => {
    tenant = await startLargeTenant({ processes: 30 });
    const env = {
      KUFLOW_API_ENDPOINT: tenant.endpoint,
      KUFLOW_API_CLIENTID: uuid(8, 1),
      KUFLOW_API_CLIENTSECRET: 'secret',
    };
    const project = join(folder(), 'worker');
    await writeUntouchedProject(project, { version: '0.0.0' });
    for (const mode of ['--check', '--dry-run'])
      expectDocumented('kuflow sync', await printedKeys(['sync', mode, '--json'], { cwd: project, env }));
  });

  it('documents every field that process and task print', async () => {
    const local = await startRunningKuFlow();
    try {
      const { id, processId } = await local.createTask();
      for (const [command, words] of [
        ['process start', ['--fake']],
        ['process list', []],
        ['process show', [processId]],
        ['task list', []],
        ['task show', [id]],
        ['task claim', [id]],
        ['task release', [id]],
        ['task assign', [id, local.rest.world.identity.user.email]],
        ['task save', [id, '--fake']],
        ['task complete', [id]],
        ['process cancel', [processId]],
      ] as const) {
        const printed = await local.json<Record<string, unknown>>([...command.split(' '), ...words]);
        expectDocumented(`kuflow ${command}`, Object.keys(printed), 1);
        if (!command.endsWith('list')) continue;
        const [first] = Object.values(printed).flat() as object[];
        const names = readFileSync(join(ROOT, 'docs', 'reference', 'output.md'), 'utf8')
          .split(`### kuflow ${command}\n`)[1]
          ?.split('\n###')[0];
        for (const key of Object.keys(first ?? {})) expect(names, command).toMatch(new RegExp(`\\b${key}\\b`));
      }
    } finally {
      await local.close();
    }
  });
});
