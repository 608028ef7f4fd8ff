import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import type { CommandDescription } from '../../../src/cli/command-description.ts';
import { describeAllCommands } from '../../../src/bin/describe-commands.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'templates/typescript/README.md.hbs',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

let kuflow: CommandDescription;

beforeAll(async () => {
  const bare = { description: '', usage: '', arguments: [], options: [], helpAfter: '', passThrough: false };
  kuflow = { ...bare, name: 'kuflow', summary: '', commands: await describeAllCommands() };
});

/** Lines of code blocks, those that go on joined, and code within sentences, as far as they call a command of ours. */
function calls(page: string): readonly string[] {
  const blocks = [...page.matchAll(/^```[^\n]*\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block.replace(/\\\n/g, ' ').split('\n'),
  );
  const inline = [...page.replace(/^```[^]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((code) => {
    const plain = code.replace(/(?:^|\s)#\s.*$/, '').replace(/["')]+$/, '');
    const found =
      /(?:^\s*(?:\$ )?|\(|&& )(?:npx (?:-p \S+ )?|\{\{code exec\}\} )?((?:create-kuflow-worker|kuflow) .*)$/.exec(
        plain,
      );
    return found?.[1] === undefined ? [] : [found[1]];
  });
}

/** What of a call nobody could run: a command or an option that is not there. */
function mistakes(call: string): readonly string[] {
  const [program, ...words] = call.split(/\s+/);
  let command = program === 'kuflow' ? kuflow : kuflow.commands.find(({ name }) => name === 'create');
  if (command === undefined) return ['no create'];
  const wrong: string[] = [];
  for (const word of words) {
    if (word === '--' || word === '|' || word === '->' || word.startsWith('>') || command.passThrough) break;
    if (/^--?[a-z]/.test(word)) {
      const name = word.replace(/=.*$/, '').replace(/[\])…,]+$/, '');
      const isThere = command.options.some(({ long, short }) => long === name || short === name);
      if (!isThere && !(command === kuflow && ['--version', '--help'].includes(name)))
        wrong.push(`${command.name}: ${name}`);
    } else if (/^[a-z-]+$/.test(word) && command.commands.length > 0) {
      const child: CommandDescription | undefined = command.commands.find(({ name }) => name === word);
      if (child !== undefined) command = child;
      else if (command === kuflow) return [`kuflow: ${word}`];
    }
  }
  return wrong;
}

describe('the commands that README and docs name', () => {
  it.each(PAGES)('%s: each is there, with its options', (page) => {
    const wrong = calls(readFileSync(join(ROOT, page), 'utf8')).flatMap((call) =>
      mistakes(call).map((mistake) => `${call}  (${mistake})`),
    );
    expect(wrong).toEqual([]);
  });

  it('are found, and what is wrong in them too', () => {
    const page =
      'See `npx kuflow dev --prot 1`.\n\n```\nkuflow ad task X \\\n  --after Y\nnpx kuflow add task X --befor Y # --no\n```\n';
    expect(calls(page).map((call) => [call, mistakes(call)])).toEqual([
      ['kuflow ad task X    --after Y', ['kuflow: ad']],
      ['kuflow add task X --befor Y', ['task: --befor']],
      ['kuflow dev --prot 1', ['dev: --prot']],
    ]);
    expect(PAGES.flatMap((one) => calls(readFileSync(join(ROOT, one), 'utf8'))).length).toBeGreaterThan(100);
  });
});
