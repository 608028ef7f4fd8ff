import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { generatedProject, installedBin, linkModules } from '../support/generated-project.ts';
import { runAlone } from '../support/lanes.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runAlone('ports');

const page = readFileSync(join(ROOT, 'docs', 'tutorial', 'first-worker.md'), 'utf8');
const CREATE = 'npx create-kuflow-worker ';

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** The fenced code blocks of a page, in order. */
function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\S*)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    lines: text.trimEnd().split('\n'),
  }));
}

let folder: string;
let cwd: string;
let environment: NodeJS.ProcessEnv;
const output = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'tutorial-'));
  cwd = folder;
  environment = {
    ...bareEnvironment(),
    PATH: [join(process.execPath, '..'), process.env['PATH']].join(delimiter),
    KUFLOW_TEMPORAL_PATH: await temporalPath(),
  };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { cwd, env: environment, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => {
      output.set(command, text);
      if (status === 0) resolve();
      else reject(new Error(`${command} exited with ${status}:\n${text}`));
    });
  });
}

/** Runs a line of a shell block, with the packed package and the dependencies of the shared project. */
async function runLine(line: string): Promise<void> {
  if (line.startsWith(CREATE)) {
    const options = line.slice(CREATE.length);
    const [name = ''] = options.split(' ');
    const bin = `"${process.execPath}" "${installedBin('create-kuflow-worker')}"`;
    await run(`${bin} ${options} --no-install --no-check --cli-package "file:${inject('tarball')}"`);
    linkModules(generatedProject(), join(folder, name));
  } else if (line.startsWith('cd ')) {
    cwd = join(cwd, line.slice(3));
  } else {
    await run(line);
  }
}

/** Applies a diff block to the file that its first line names. */
function applyDiff([header = '', ...lines]: readonly string[]): void {
  const file = join(cwd, header.replace('--- ', ''));
  const side = (mark: string): string =>
    lines.flatMap((line) => (line.startsWith(' ') || line.startsWith(mark) ? [`${line.slice(1)}\n`] : [])).join('');
  const before = readFileSync(file, 'utf8');
  expect(before.split(side('-')), `${header} does not have once:\n${side('-')}`).toHaveLength(2);
  writeFileSync(
    file,
    before.replace(side('-'), () => side('+')),
  );
}

it('the tutorial works as written, from an empty folder to a changed process', async () => {
  for (const { language, lines } of blocksOf(page)) {
    if (language === 'sh') for (const line of lines) await runLine(line);
    else if (language === 'diff') applyDiff(lines);
    else if (language === 'yaml') writeFileSync(join(cwd, lines[0]?.replace('# ', '') ?? ''), `${lines.join('\n')}\n`);
    else throw new Error(`The tutorial has a code block in an unsupported language: ${language}`);
  }
  const text = (part: string): string => [...output].find(([command]) => command.includes(part))?.[1] ?? '';
  expect(text('npm run smoke')).toContain('LOAN is COMPLETED');
  expect(text('npm run smoke')).not.toContain('SIGN_CONTRACT');
  expect(text('dev simulate')).toMatch(/APPROVE_LOAN completed[^]*SIGN_CONTRACT completed[^]*LOAN is COMPLETED/);
});
