import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import type { CommandDescription } from '../../../src/cli/command-description.ts';
import { describedProgram } from '../../support/described-program.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'templates/shared/README.md.hbs',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

let kuflow: CommandDescription;

beforeAll(async () => {
  kuflow = await describedProgram();
});

/** Calls of this package's commands in code blocks, with continued lines joined, and in inline code. */
function findCalls(text: string): readonly string[] {
  const page = text.replaceAll('{{code kuflow}}', 'kuflow');
  const blocks = [...page.matchAll(/^```[^\n]*\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block.replace(/\\\n/g, ' ').split('\n'),
  );
  const inline = [...page.replace(/^```[^]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((code) => {
    const plain = code.replace(/(?:^|\s)#\s.*$/, '').replace(/["')]+$/, '');
    const found = /(?:^\s*(?:\$ )?|\(|&& )(?:npx (?:-p \S+ )?|\.\/)?((?:create-kuflow-worker|kuflow) .*)$/.exec(plain);
    return found?.[1] === undefined ? [] : [found[1]];
  });
}

/** Commands and options of a call that do not exist. */
function findMistakes(call: string): readonly string[] {
  const [program, ...words] = call.split(/\s+/);
  let command = program === 'kuflow' ? kuflow : kuflow.commands.find(({ name }) => name === 'create');
  if (command === undefined) return ['no create'];
  const wrong: string[] = [];
  for (const word of words) {
    if (word === '--' || word === '|' || word === '->' || word.startsWith('>') || command.passThrough) break;
    if (/^--?[a-z]/.test(word)) {
      const name = word.replace(/=.*$/, '').replace(/[\])…,]+$/, '');
      const options = [...command.options, ...command.unlistedOptions];
      const isThere = options.some(({ long, short }) => long === name || short === name);
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

describe('commands in README and docs', () => {
  it.each(PAGES)('%s: every command exists, with its options', (page) => {
    const wrong = findCalls(readFileSync(join(ROOT, page), 'utf8')).flatMap((call) =>
      findMistakes(call).map((mistake) => `${call}  (${mistake})`),
    );
    expect(wrong).toEqual([]);
  });

  it('are found, and so are mistakes in them', () => {
    const page =
      'See `npx kuflow dev --prot 1`.\n\n```\nkuflow ad task X \\\n  --after Y\nnpx kuflow add task X --befor Y # --no\n```\n';
    expect(findCalls(page).map((call) => [call, findMistakes(call)])).toEqual([
      ['kuflow ad task X    --after Y', ['kuflow: ad']],
      ['kuflow add task X --befor Y', ['task: --befor']],
      ['kuflow dev --prot 1', ['dev: --prot']],
    ]);
    expect(PAGES.flatMap((one) => findCalls(readFileSync(join(ROOT, one), 'utf8'))).length).toBeGreaterThan(100);
  });
});
