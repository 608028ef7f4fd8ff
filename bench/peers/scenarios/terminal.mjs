import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inTerminal, interruptAt, standsStill, takeProposals } from '../observe.mjs';
import { isInstall } from '../stand-ins.mjs';
import { ended, fates, files } from '../words.mjs';
import { MINE, NOTES, outcome, PACKAGE, TARGET, withProject } from './steps.mjs';

export const TERMINAL = [
  {
    id: 'ci',
    title: 'No arguments in a terminal with `CI=1`',
    run: async (tool, place) =>
      await inTerminal(
        tool,
        tool.bare,
        place,
        async (session) => {
          const waits = await standsStill(session);
          const question = session.screen();
          if (waits) session.type('\x03');
          return { waits, question };
        },
        { env: { CI: '1' } },
      ),
    say: (facts) => (facts.driven.waits ? 'still prompts' : outcome(facts)),
  },
  {
    id: 'firstCancel',
    title: 'Ctrl-C at the first question',
    run: async (tool, place) => await inTerminal(tool, tool.bare, place, interruptAt()),
    say: (facts) =>
      `${cancelled(facts)}, ${facts.made.length === 0 ? 'nothing written' : `${files(facts.made.length)} written`}`,
  },
  {
    id: 'conflictCancel',
    title: 'Ctrl-C at the question about existing files',
    how: 'the folder contains `package.json`, `notes.txt`, `src/mine.ts`',
    run: async (tool, place) => {
      await withProject(place);
      return await inTerminal(
        tool,
        tool.asking(TARGET),
        place,
        interruptAt(/not empty|overwrite|replace|conflict|exist|contains another project/i),
      );
    },
    say: (facts) =>
      `${facts.driven.asked ? cancelled(facts) : `asks nothing about it: ${ended(facts)}`}, ${fates(facts, [PACKAGE, NOTES, MINE])}`,
  },
  {
    id: 'installCancel',
    title: 'Ctrl-C during the installation',
    how: 'an `npm` that never ends',
    run: async (tool, place) => {
      const facts = await inTerminal(
        tool,
        tool.install(TARGET),
        place,
        async (session) => {
          const deadline = Date.now() + 15_000;
          for (;;) {
            const installs = (await place.managers()).filter(isInstall);
            if (installs.length > 0) {
              await aMoment();
              session.type('\x03');
              return { installing: true };
            }
            if (session.hasEnded() || Date.now() > deadline) return { installing: false };
            await aMoment();
          }
        },
        { env: { STAND_IN: 'hang' } },
      );
      let left;
      for (let moments = 0; moments < 10 && left?.length !== 0; moments++) {
        left = (await place.managers()).filter(isInstall).filter(({ pid }) => runs(pid));
        if (left.length > 0) await aMoment();
      }
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      return { ...facts, managersLeft: left.length };
    },
    say: (facts) =>
      facts.driven.installing
        ? `${cancelled(facts)}, ${facts.made.length > 0 ? 'project kept' : 'no project left'}${facts.managersLeft > 0 ? ', **npm still runs**' : ''}`
        : `does not install: ${outcome(facts)}`,
  },
  {
    id: 'colour',
    title: '`NO_COLOR=1` in a terminal',
    how: 'color codes of the first row, without and with it',
    run: async (tool, place) => {
      const wait = async (session) => void (await takeProposals(session));
      const colourful = await inTerminal(tool, tool.create(TARGET), place, wait);
      const plainly = await inTerminal(tool, tool.create('other'), place, wait, { env: { NO_COLOR: '1' } });
      return { ...colourful, withNoColor: plainly.colours };
    },
    say: (facts) => `${facts.colours} without, ${facts.withNoColor} with`,
  },
  {
    id: 'repeat',
    title: 'After prompts: the command that repeats the run without prompts',
    how: 'every question answered with the default',
    run: async (tool, place) => {
      const facts = await inTerminal(tool, tool.bare, place, takeProposals);
      const line = facts.text.match(/(?:npx|npm create|npm init|pnpm|create-)[^\n]*\s--[a-z][^\n]*/g)?.at(-1) ?? null;
      let stored = null;
      for (const path of line === null ? [] : facts.made) {
        const text = await readFile(join(place.cwd, path), 'utf8');
        if (text.includes(line.slice(0, 40).trim())) stored ??= path;
      }
      return { ...facts, line, stored };
    },
    say: (facts) => {
      if (facts.made.length === 0) return outcome(facts);
      if (facts.line === null) return 'not printed';
      return `printed${facts.stored === null ? '' : `, and kept in \`${facts.stored.split('/').at(-1)}\``}`;
    },
  },
];

function cancelled(facts) {
  return `${ended(facts)}${facts.cursorHidden ? ', **cursor hidden**' : ', cursor back'}`;
}

async function aMoment() {
  await new Promise((resolve) => setTimeout(resolve, 300));
}

// A process that has ended but has not been waited for is a zombie; it no longer runs.
function runs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
