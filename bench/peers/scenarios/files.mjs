import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lacks, onSmallDisk, OTHER_USER } from '../apart.mjs';
import { inPipe } from '../observe.mjs';
import { ended, fates, files } from '../words.mjs';
import { git, MINE, NOTES, outcome, PACKAGE, plain, TARGET, withNotes, withProject } from './steps.mjs';

export const FILES = [
  {
    id: 'empty',
    title: 'The folder exists and is empty',
    run: plain((tool) => tool.create(TARGET), { prepare: ({ cwd }) => mkdir(join(cwd, TARGET)) }),
    say: outcome,
  },
  {
    id: 'onlyGit',
    title: 'The folder contains only `.git`',
    run: plain((tool) => tool.create(TARGET), {
      prepare: async ({ cwd }) => {
        await mkdir(join(cwd, TARGET));
        git(join(cwd, TARGET), 'init', '--quiet');
      },
    }),
    say: outcome,
  },
  {
    id: 'nonEmpty',
    title: 'The folder contains `notes.txt`, no terminal',
    run: plain((tool) => tool.create(TARGET), { prepare: withNotes }),
    say: (facts) => `${outcome(facts)}, ${fates(facts, [NOTES])}`,
  },
  {
    id: 'conflict',
    title: 'The folder contains another project, no terminal',
    how: '`package.json`, `notes.txt`, `src/mine.ts`',
    run: plain((tool) => tool.create(TARGET), { prepare: withProject }),
    say: (facts) =>
      `${outcome(facts)}, ${fates(facts, [PACKAGE, NOTES, MINE])}${facts.made.length === 0 && facts.text.includes('package.json') ? ', names the conflict' : ''}`,
  },
  {
    id: 'force',
    title: 'The same with the option that forces overwriting',
    run: async (tool, place) => {
      if (tool.force === undefined) {
        const help = await inPipe(tool, tool.help, place);
        return { ...help, forces: /--[\w-]*(?:force|overwrit|clobber)/.test(help.text) };
      }
      await withProject(place);
      return await inPipe(tool, [...tool.create(TARGET), ...tool.force], place);
    },
    say: (facts, tool) =>
      tool.force === undefined
        ? `${facts.forces ? 'has one, not run' : 'its `--help` names none'}`
        : `\`${tool.force.join(' ')}\`: ${outcome(facts)}, ${fates(facts, [PACKAGE, NOTES, MINE])}`,
  },
  {
    id: 'again',
    title: 'The same command twice',
    run: async (tool, place) => {
      const first = await inPipe(tool, tool.create(TARGET), place);
      if (first.status !== 0 || first.made.length === 0) return first;
      return { ...(await inPipe(tool, tool.create(TARGET), place)), second: true };
    },
    say: (facts) =>
      facts.second
        ? `${ended(facts)}, ${facts.changed.length + facts.deleted.length + facts.made.length === 0 ? 'nothing changed' : `${files(facts.changed.length)} changed`}${/identical|unchanged/i.test(facts.text) ? ', says that they are unchanged' : ''}`
        : outcome(facts),
  },
  {
    id: 'name',
    title: 'A name that npm rejects: `My_App!`',
    run: async (tool, place) => {
      const facts = await inPipe(tool, tool.create('My_App!'), place);
      const manifest = await readFile(join(place.cwd, 'My_App!', 'package.json'), 'utf8').catch(() => undefined);
      return { ...facts, packageName: manifest === undefined ? null : JSON.parse(manifest).name };
    },
    say: (facts) =>
      facts.packageName === null ? `refused, ${ended(facts)}` : `${ended(facts)}, package \`${facts.packageName}\``,
  },
  {
    id: 'space',
    title: 'A folder with a space: the printed `cd` command',
    run: plain((tool) => tool.create('my app')),
    say: (facts) => {
      if (facts.made.length === 0) return `refused, ${ended(facts)}`;
      if (/cd\s+(?:"[^"\n]*my app"|'[^'\n]*my app'|\S*my\\ app)/.test(facts.text)) return 'quoted';
      return /cd\s+\S*my app/.test(facts.text) ? '**not quoted**' : 'prints none';
    },
  },
  {
    id: 'isFile',
    title: 'The target is a file',
    run: plain((tool) => tool.create(TARGET), { prepare: ({ cwd }) => writeFile(join(cwd, TARGET), 'mine\n') }),
    say: (facts) => `${ended(facts)}, ${fates(facts, [TARGET])}`,
  },
  {
    id: 'readOnly',
    title: 'The parent folder is read-only',
    how: 'as another user',
    run: async (tool, place) => {
      const lacking = lacks.otherUser();
      return lacking ? { lacking } : await inPipe(tool, tool.create(TARGET), place, { wrap: OTHER_USER });
    },
    say: (facts) =>
      `${ended(facts)}, ${/EACCES|permission|not writable/i.test(facts.text) ? 'says why' : 'does not say why'}`,
  },
  {
    id: 'disk',
    title: 'The disk is full',
    how: '24 kB free',
    run: async (tool, place) => {
      const lacking = lacks.disk();
      if (lacking) return { lacking };
      const disk = onSmallDisk(place);
      const facts = await inPipe(tool, tool.create(TARGET), place, { wrap: disk.wrap });
      return { ...facts, left: await disk.left() };
    },
    say: (facts) =>
      `${ended(facts)}, ${/ENOSPC|no space/i.test(facts.text) ? 'says why' : 'does not say why'}, ${files(facts.left.length)} left behind`,
  },
];
