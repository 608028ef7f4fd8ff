import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeDefinitions } from '../../../../src/platform/domain/domain.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { followDefinitions } from '../../../../src/platform/session/follow-definitions.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';
import { createWorld, type World } from '../domain/world.ts';

const newFolder = temporaryFolders();

const definition = (code: string, ...tasks: readonly string[]): string => `process:
  code: ${code}
workflow: { type: ${code}Workflow, task-queue: Q }
tasks:
${tasks.map((task) => `  - { code: ${task}, kind: human }`).join('\n')}
`;
const FILE = 'kuflow.process.yaml';
const REFUND_FILE = 'processes/refund.process.yaml';
const LOAN = definition('LOAN', 'APPLY', 'APPROVE');
const CHANGED = definition('LOAN', 'APPLY', 'REVIEW');
const BROKEN = LOAN.replace('kind: human', 'kind: humane');

let folder: string;
let world: World;
let following: { close(): Promise<void> } | undefined;
let served: number;
let changes: (readonly [readonly string[], readonly string[]])[];

const write = (text: string, file = FILE): void => writeFileSync(join(folder, file), text);
const describeAll = (definitions: readonly ProcessDefinition[]): string[] =>
  definitions.map(({ process, tasks }) => `${process.code}: ${tasks.map(({ code }) => code).join(' ')}`);
const current = (): string[] => describeAll(world.domain.definitions.all.map((one) => one.definition));
const problems = (): string[] => world.domain.definitions.problems.map(({ file, message }) => `${file} ${message}`);
const reported = (): unknown[] => world.events.filter(({ kind }) => kind.startsWith('definition'));
const serves = (...lines: readonly string[]): Promise<boolean> =>
  until(lines.join(), () => current().join() === lines.join(), 10_000);
const has = (...lines: readonly string[]): Promise<boolean> =>
  until(lines.join(), () => problems().join() === lines.join(), 10_000);

/** Follows a platform that serves these texts, by file. */
async function follow(texts: Readonly<Record<string, string>>, definitionFiles?: readonly string[]): Promise<void> {
  const loaded = new Map<string, ProcessDefinition>();
  for (const [file, text] of Object.entries(texts)) loaded.set(file, await parseDefinition(text, file));
  const sample = await parseDefinition(definition('SAMPLE', 'A'), '');
  world = createWorld({ definitions: loaded.size > 0 ? [...loaded.values()] : [sample] });
  const { domain } = world;
  following = followDefinitions({
    cwd: folder,
    definitionFiles,
    served: loaded,
    platform: {
      get definitions() {
        return domain.definitions.all.map((one) => one.definition);
      },
      setDefinitions: (definitions, found = []) => changeDefinitions(domain, definitions, found),
    },
    onServed: () => {
      served++;
      return Promise.resolve();
    },
    onChanged: (before, now) => {
      changes.push([describeAll(before), describeAll(now)]);
      return Promise.resolve();
    },
    onError: (error) => {
      throw error;
    },
    settleMs: 20,
    checkMs: 100,
  });
}

beforeEach(() => {
  folder = newFolder();
  served = 0;
  changes = [];
});
afterEach(async () => {
  await following?.close();
  await world.destroy();
});

describe('followDefinitions', () => {
  it('serves what is saved, in place or by renaming another file', async () => {
    write(LOAN);
    await follow({ [FILE]: LOAN });
    write(CHANGED);
    await serves('LOAN: APPLY REVIEW');
    write(LOAN, 'kuflow.process.yaml.swp');
    renameSync(join(folder, 'kuflow.process.yaml.swp'), join(folder, 'kuflow.process.yaml'));
    await serves('LOAN: APPLY APPROVE');
    await until('both calls', () => changes.length === 2);
    expect(reported()).toEqual([
      { kind: 'definitions-changed', changes: ['LOAN: task REVIEW was added', 'LOAN: task APPROVE was removed'] },
      { kind: 'definitions-changed', changes: ['LOAN: task APPROVE was added', 'LOAN: task REVIEW was removed'] },
    ]);
    expect(changes).toEqual([
      [['LOAN: APPLY APPROVE'], ['LOAN: APPLY REVIEW']],
      [['LOAN: APPLY REVIEW'], ['LOAN: APPLY APPROVE']],
    ]);
    expect(served).toBe(2);
  });

  it('serves what was saved while the platform started, and says nothing about what is the same', async () => {
    write(CHANGED.replace('kind: human }', 'kind: human } # the same'));
    await follow({ [FILE]: LOAN });
    await serves('LOAN: APPLY REVIEW');
    write(`# A comment\n${CHANGED}`);
    write(definition('OTHER', 'A'), 'other.process.yaml');
    mkdirSync(join(folder, 'processes'));
    write(definition('REFUND', 'A'), REFUND_FILE);
    await serves('LOAN: APPLY REVIEW', 'REFUND: A');
    expect(reported()).toHaveLength(2);
  });

  it('keeps the last good content of a broken file, reports the error with its line once, and says when it is mended', async () => {
    write(LOAN);
    await follow({ [FILE]: LOAN });
    write(BROKEN);
    const problem = 'tasks[0].kind must be human, system, message or thread, not "humane"; did you mean "human"?';
    await has(`kuflow.process.yaml:5 ${problem}`);
    expect(current()).toEqual(['LOAN: APPLY APPROVE']);
    createProcess(world.user, { processDefinitionCode: 'LOAN', tenantId: world.identity.tenantId });
    mkdirSync(join(folder, 'processes'));
    write(definition('REFUND', 'A'), REFUND_FILE);
    await serves('LOAN: APPLY APPROVE', 'REFUND: A');
    expect(changes).toEqual([]);
    write(`${BROKEN}more: [`);
    await until('the other problem', () => problems()[0]?.startsWith(`${FILE}:7 `));
    write(CHANGED);
    await serves('LOAN: APPLY REVIEW', 'REFUND: A');
    await until('the call', () => changes.length > 0);
    expect(changes).toEqual([[['LOAN: APPLY APPROVE'], ['LOAN: APPLY REVIEW', 'REFUND: A']]]);
    expect(problems()).toEqual([]);
    expect(reported()).toMatchObject([
      { kind: 'definition-problem', file: 'kuflow.process.yaml:5', message: problem },
      { kind: 'definitions-changed', changes: ['REFUND: the process was added'] },
      { kind: 'definition-problem', file: 'kuflow.process.yaml:7' },
      {
        kind: 'definitions-changed',
        changes: [
          'kuflow.process.yaml no longer has errors',
          'LOAN: task REVIEW was added',
          'LOAN: task APPROVE was removed',
        ],
      },
    ]);
  });

  it('keeps the content of a deleted main file, and stops serving a deleted additional process', async () => {
    mkdirSync(join(folder, 'processes'));
    write(LOAN);
    const refund = definition('REFUND', 'A');
    write(refund, REFUND_FILE);
    await follow({ [FILE]: LOAN, [REFUND_FILE]: refund });
    rmSync(join(folder, 'kuflow.process.yaml'));
    await has('kuflow.process.yaml the file was deleted');
    expect(current()).toEqual(['LOAN: APPLY APPROVE', 'REFUND: A']);
    rmSync(join(folder, 'processes'), { recursive: true });
    await has('kuflow.process.yaml the file was deleted', 'processes/refund.process.yaml the file was deleted');
    expect(current()).toEqual(['LOAN: APPLY APPROVE', 'REFUND: A']);
    write(LOAN);
    await serves('LOAN: APPLY APPROVE');
    expect(problems()).toEqual([]);
  });

  it('follows the files that were named, wherever they are', async () => {
    const elsewhere = join(newFolder(), 'mine.yaml');
    writeFileSync(elsewhere, LOAN);
    write(definition('OTHER', 'A'));
    await follow({ [elsewhere]: LOAN }, [elsewhere]);
    writeFileSync(elsewhere, CHANGED);
    await serves('LOAN: APPLY REVIEW');
    rmSync(elsewhere);
    await has(`${elsewhere} the file was deleted`);
  });

  it('reports a process that two files define, until one of them is changed', async () => {
    mkdirSync(join(folder, 'processes'));
    write(LOAN);
    await follow({ [FILE]: LOAN });
    write(CHANGED, 'processes/copy.process.yaml');
    await has('processes/copy.process.yaml the process LOAN is already defined in kuflow.process.yaml');
    write(definition('LEND', 'APPLY'));
    await serves('LEND: APPLY', 'LOAN: APPLY REVIEW');
    expect(problems()).toEqual([]);
  });

  it('reports an error in the first file of a folder that had none, and serves the file when it is mended', async () => {
    await follow({});
    write(BROKEN);
    await until('the problem', () => problems().length > 0);
    expect(current()).toEqual(['SAMPLE: A']);
    write(LOAN);
    await serves('LOAN: APPLY APPROVE');
  });

  it('reports a definition that only the platform rejects, and keeps serving the last good ones', async () => {
    mkdirSync(join(folder, 'processes'));
    const refund = definition('REFUND', 'A');
    write(LOAN);
    write(refund, REFUND_FILE);
    await follow({ [FILE]: LOAN, [REFUND_FILE]: refund });
    const id = '11111111-2222-4333-8444-555555555555';
    write(LOAN.replace('code: LOAN', `code: LOAN\n  id: ${id}`));
    await until('the id', () => world.domain.definitions.byId(id));
    write(refund.replace('code: REFUND', `code: REFUND\n  id: ${id}`), REFUND_FILE);
    await has('processes/refund.process.yaml Process definition REFUND was passed twice');
    expect(current()).toEqual(['LOAN: APPLY APPROVE', 'REFUND: A']);
  });
});
