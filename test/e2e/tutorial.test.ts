import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { generatedProject, installedBin, linkModules } from '../support/generated-project.ts';
import { javaProject } from '../support/java-project.ts';
import { runAlone } from '../support/lanes.ts';
import { newMark } from '../support/marked-processes.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { until } from '../support/until.ts';
import { uvEnvironment } from '../support/uv.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runAlone('ports');

const page = readFileSync(join(ROOT, 'docs', 'tutorial', 'first-worker.md'), 'utf8');
const CREATE = 'npx create-kuflow-worker ';
const SOAK = process.env['KUFLOW_SOAK'] === '1';
type Language = 'TypeScript' | 'Java' | 'Python';

interface Block {
  /** What the comments before a block say: `background`, `stop`, `status <number>`. */
  readonly notes: readonly string[];
  readonly kind: string;
  readonly lines: readonly string[];
}

/** The fenced code blocks for a language, in order. */
function blocksFor(wanted: Language): readonly Block[] {
  const blocks: Block[] = [];
  let notes: string[] = [];
  for (const [, note, kind = '', language, text = ''] of page.matchAll(
    /^<!-- (.+) -->$|^```(\S*)(?: \[(\w+)\])?\n([^]*?)^```$/gm,
  )) {
    if (note !== undefined) notes.push(note);
    else if (language === undefined || language === wanted) {
      blocks.push({ notes, kind, lines: text.trimEnd().split('\n') });
      notes = [];
    }
  }
  return blocks;
}

const COMMANDS_OF_AGENTS = /^```sh\n([^]*?)^```$/gm;

describe.each<Language>(['TypeScript', ...(SOAK ? (['Java', 'Python'] as const) : [])])(
  'the tutorial in %s',
  (language) => {
    const mark = newMark();
    const commands: string[] = [];
    let folder: string;
    let cwd: string;
    let environment: NodeJS.ProcessEnv;
    let output = '';
    let background: ChildProcess | undefined;

    beforeAll(async () => {
      folder = mkdtempSync(join(inject('runFolder'), 'tutorial-'));
      cwd = folder;
      const uv = language === 'Python' ? await uvEnvironment() : {};
      environment = {
        ...bareEnvironment(),
        ...uv,
        ...mark.env,
        PATH: [join(process.execPath, '..'), uv['PATH'] ?? process.env['PATH']].join(delimiter),
        KUFLOW_TEMPORAL_PATH: await temporalPath(),
      };
      // Downloads what Maven needs.
      if (language === 'Java') javaProject();
    });

    afterAll(async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    });

    function start(command: string, onText: (text: string) => void): ChildProcess {
      const options = { cwd, env: environment, shell: true, detached: true } as const;
      const child = spawn(command, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => onText(chunk.toString()));
      return child;
    }

    function run(command: string, wanted = 0): Promise<void> {
      return new Promise((resolve, reject) => {
        output = '';
        const child = start(command, (text) => (output += text));
        child.once('error', reject);
        child.once('close', (status) => {
          if (status === wanted) resolve();
          else reject(new Error(`${command} exited with ${status}:\n${output}`));
        });
      });
    }

    /** Runs a line of a shell block, with the packed package and, in TypeScript, the dependencies of the shared project. */
    async function runLine(line: string, status?: number): Promise<void> {
      commands.push(line);
      if (line.startsWith(CREATE)) {
        const options = line.slice(CREATE.length);
        const [name = ''] = options.split(' ');
        const bin = `"${process.execPath}" "${installedBin('create-kuflow-worker')}"`;
        const install = language === 'Python' ? '' : '--no-install';
        await run(`${bin} ${options} ${install} --no-check --cli-package "file:${inject('tarball')}"`);
        if (language === 'TypeScript') linkModules(generatedProject(), join(folder, name));
      } else if (line.startsWith('cd ')) {
        cwd = join(cwd, line.slice(3));
      } else if (line.includes('task complete latest') || line.endsWith('task list')) {
        // A person sees the task before the next command.
        await until(line, () =>
          run(line).then(
            () => !output.startsWith('No open tasks'),
            (error: unknown) => (String(error).includes('No open tasks') ? false : Promise.reject(error as Error)),
          ),
        );
      } else {
        await run(line, status);
      }
    }

    async function stop(): Promise<void> {
      const child = background;
      background = undefined;
      if (child?.pid === undefined || child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('close', resolve));
      process.kill(-child.pid, 'SIGINT');
      await ended;
    }

    /** Applies a diff block to the file that its first line names. */
    function applyDiff([header = '', ...lines]: readonly string[]): void {
      const file = join(cwd, header.replace('--- ', ''));
      const side = (sign: string): string =>
        lines.flatMap((line) => (line.startsWith(' ') || line.startsWith(sign) ? [`${line.slice(1)}\n`] : [])).join('');
      const before = readFileSync(file, 'utf8');
      expect(before.split(side('-')), `${header} does not have once:\n${side('-')}`).toHaveLength(2);
      writeFileSync(
        file,
        before.replace(side('-'), () => side('+')),
      );
    }

    /** Compares an expected output with that of the last command, apart from times, IDs and the way to call kuflow. */
    function compareOutput(lines: readonly string[]): void {
      const plain = (text: string): string =>
        text
          .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
          .replace(/[\da-f]{8}-[\da-f-]{27}/g, '<id>')
          .replace(/^ *[\d.]+ s {2}/gm, '<s> ');
      const printed = plain(output).split('\n');
      let from = 0;
      for (const line of lines) {
        const [head = '', tail = ''] = plain(line).split('…');
        const at = printed.findIndex((one, index) => index >= from && one.startsWith(head) && one.endsWith(tail));
        expect(at, `not in the output, or not in this order: ${line}\n\n${output}`).not.toBe(-1);
        from = at + 1;
      }
    }

    it('works as written, from an empty folder to a changed process', async () => {
      for (const { notes, kind, lines } of blocksFor(language)) {
        if (notes.includes('stop')) await stop();
        const status = notes.find((note) => note.startsWith('status '))?.slice('status '.length);
        if (notes.includes('background')) {
          let log = '';
          background = start(lines.join('\n'), (text) => (log += text));
          commands.push(...lines);
          await until('the worker is started', () => log.includes('Worker started'));
        } else if (kind === 'sh')
          for (const line of lines) await runLine(line, status === undefined ? 0 : Number(status));
        else if (kind === 'text') compareOutput(lines);
        else if (kind === 'diff') applyDiff(lines);
        else if (kind === 'yaml') writeFileSync(join(cwd, lines[0]?.replace('# ', '') ?? ''), `${lines.join('\n')}\n`);
        // A unit test compares excerpts with the generated code.
        else if (!['ts', 'java', 'python'].includes(kind))
          throw new Error(`The tutorial has a code block of an unsupported kind: ${kind}`);
      }
    });

    it('has run each command of AGENTS.md', () => {
      const agents = readFileSync(join(cwd, 'AGENTS.md'), 'utf8');
      const named = [...agents.matchAll(COMMANDS_OF_AGENTS)].flatMap(([, text = '']) => text.trimEnd().split('\n'));
      expect(named.length).toBeGreaterThan(3);
      for (const command of named) {
        // The tutorial adds its task with more options, and does not need `--yes`.
        const start = command.replace('<code>', 'SIGN_CONTRACT').replace(' --yes', '');
        expect(
          commands.filter((run) => run.startsWith(start)),
          command,
        ).not.toEqual([]);
      }
    });
  },
);
