import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inPipe, inTerminal, takeProposals } from '../observe.mjs';
import { COMPLAINT, isInstall } from '../stand-ins.mjs';
import { ended } from '../words.mjs';
import { git, outcome, TARGET } from './steps.mjs';

export const SURROUNDINGS = [
  {
    id: 'installFails',
    title: 'The package manager fails',
    how: 'an `npm` that prints a line and exits with 1',
    run: async (tool, place) => {
      const facts = await inPipe(tool, tool.install(TARGET), place, { env: { STAND_IN: 'fail' } });
      return { ...facts, installs: (await place.managers()).filter(isInstall) };
    },
    say: (facts) =>
      facts.installs.length === 0
        ? `does not install: ${outcome(facts)}`
        : `${ended(facts)}, ${facts.made.length > 0 ? 'project kept' : 'no project left'}, npm's words ${facts.text.includes(COMPLAINT) ? 'shown' : 'not shown'}, ${/^\W*(?:\d+[:.] )?npm (?:i|install)\b(?!.*(?:failed|said))/m.test(facts.text) ? 'says to install' : 'no next step'}`,
  },
  {
    id: 'manager',
    title: 'The package manager that calls the tool',
    how: 'called by pnpm, every question answered with the default',
    run: async (tool, place) => {
      const agent = `pnpm/10.9.0 npm/? node/${process.version} linux x64`;
      const facts = await inTerminal(tool, tool.asking(TARGET), place, takeProposals, {
        env: { npm_config_user_agent: agent },
      });
      return { ...facts, installs: (await place.managers()).filter(isInstall) };
    },
    say: (facts) => {
      const names = [...new Set(facts.installs.map(({ name }) => name))];
      return names.length === 0 ? `does not install: ${outcome(facts)}` : `installs with ${names.join(', ')}`;
    },
  },
  {
    id: 'git',
    title: 'A git repository',
    run: async (tool, place) => {
      const facts = await inPipe(tool, tool.git(TARGET), place);
      const folder = join(place.cwd, TARGET);
      const own = facts.made.length > 0 && git(folder, 'rev-parse', '--show-toplevel') !== undefined;
      return { ...facts, repository: own, author: own ? (git(folder, 'log', '-1', '--format=%an') ?? null) : null };
    },
    say: (facts) => {
      if (facts.made.length === 0) return outcome(facts);
      if (!facts.repository) return 'makes none';
      return facts.author === null ? 'made, nothing committed' : `made, commit by \`${facts.author}\``;
    },
  },
  {
    id: 'nested',
    title: 'Inside a repository',
    run: async (tool, place) => {
      await writeFile(join(place.cwd, 'a.txt'), 'a\n');
      for (const args of [
        ['init', '--quiet'],
        ['add', '.'],
        ['commit', '--quiet', '-m', 'first'],
      ])
        git(place.cwd, ...args);
      const facts = await inPipe(tool, tool.git(TARGET), place);
      const top = git(join(place.cwd, TARGET), 'rev-parse', '--show-toplevel');
      const commits = git(place.cwd, 'rev-list', '--count', 'HEAD');
      return { ...facts, nested: top?.endsWith(`/${TARGET}`) ?? false, commits: Number(commits) };
    },
    say: (facts) => {
      if (facts.made.length === 0) return outcome(facts);
      const around = facts.commits === 1 ? '' : '; the outer history changed';
      return `${facts.nested ? '**a repository inside the repository**' : 'does not create one'}${around}`;
    },
  },
];
