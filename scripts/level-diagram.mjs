import { replaceGeneratedPart } from './generated-part.mjs';

/** CONTRIBUTING.md with the diagram of the levels of `src/`, highest first. */
export function writeLevelDiagram(page, { levels }) {
  return replaceGeneratedPart(page, 'levels', ['```text', ...levels.map(inOneLine), '```']);
}

/** Folders of the same folder are listed in braces: `commands/{process,task}`. */
function inOneLine(modules) {
  const [parent] = modules[0].split('/');
  const inner = modules.filter((name) => name.startsWith(`${parent}/`)).map((name) => name.slice(parent.length + 1));
  return inner.length === modules.length ? `${parent}/{${inner.join(',')}}` : modules.join('  ');
}
