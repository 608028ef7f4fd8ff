// What is done to every tool, in the groups of the page. A scenario's `run` returns facts, or `{ lacking }` with the reason why this machine
// can't; `say` puts facts into the words of a cell. `how` stands below the title, `beforeNetwork` before the words for a network that is
// not there; `anyNetwork` says that such a network is what the scenario is about.
import { FILES } from './scenarios/files.mjs';
import { SURROUNDINGS } from './scenarios/surroundings.mjs';
import { TERMINAL } from './scenarios/terminal.mjs';
import { WITHOUT_TERMINAL } from './scenarios/without-terminal.mjs';

export const GROUPS = [
  { title: 'Without a terminal', scenarios: WITHOUT_TERMINAL },
  { title: 'What is there already, and where it can be written', scenarios: FILES },
  { title: 'Package manager and git', scenarios: SURROUNDINGS },
  { title: 'In a terminal', scenarios: TERMINAL },
];
