// The scenarios, in the groups of the page. `run` returns facts, or `{ lacking }` with the reason why this machine cannot run it; `say` turns
// facts into the text of a cell. `how` is shown below the title, `beforeNetwork` before the text for a missing network; `anyNetwork` marks a
// scenario that is about a missing network.
import { FILES } from './scenarios/files.mjs';
import { SURROUNDINGS } from './scenarios/surroundings.mjs';
import { TERMINAL } from './scenarios/terminal.mjs';
import { WITHOUT_TERMINAL } from './scenarios/without-terminal.mjs';

export const GROUPS = [
  { title: 'Without a terminal', scenarios: WITHOUT_TERMINAL },
  { title: 'Existing files and unwritable targets', scenarios: FILES },
  { title: 'Package manager and git', scenarios: SURROUNDINGS },
  { title: 'In a terminal', scenarios: TERMINAL },
];
