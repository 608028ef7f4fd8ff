import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergedFile, type MergeCase } from './merged.ts';

const PATH = 'src/worker.ts';

/** What happens to a line: it is kept, deleted, replaced or gets lines before it. */
type Operation = 'keep' | 'delete' | 'replace' | 'insert';

type Ending = '\n' | '\r\n';

interface Edit {
  readonly by: 'mine' | 'theirs';
  readonly operation: Operation;
  /** Unchanged lines after it. */
  readonly gap: number;
  readonly added: readonly string[];
}

// `constructor` and `__proto__` are property names that every object has; the others are often repeated in code.
const word = fc.constantFrom('constructor', '__proto__', '}', '  return x;', '', '<<<<<<< yours', '=======', 'ä', '\t');
const edit = fc.record({
  by: fc.constantFrom('mine' as const, 'theirs' as const),
  operation: fc.constantFrom<Operation>('keep', 'delete', 'replace', 'insert'),
  gap: fc.integer({ min: 1, max: 3 }),
  added: fc.array(word, { minLength: 1, maxLength: 3 }),
});

function applyEdits(edits: readonly Edit[]): MergeCase & { readonly merged: string } {
  const texts = { base: ['start'], mine: ['start'], theirs: ['start'], merged: ['start'] };
  edits.forEach(({ by, operation, gap, added }, index) => {
    const line = `line ${index}`;
    const other = by === 'mine' ? 'theirs' : 'mine';
    const changed = {
      keep: [line],
      delete: [],
      replace: added.map((text, at) => `${text} ${by} ${index}.${at}`),
      insert: [...added.map((text, at) => `${text} ${by} ${index}.${at}`), line],
    }[operation];
    for (const side of ['base', other] as const) texts[side].push(line);
    for (const side of [by, 'merged'] as const) texts[side].push(...changed);
    for (const lines of Object.values(texts))
      for (let count = 0; count < gap; count++) lines.push(`same ${index}.${count}`);
  });
  const [base, mine, theirs, merged] = [texts.base, texts.mine, texts.theirs, texts.merged].map((lines) =>
    lines.map((line) => `${line}\n`).join(''),
  );
  return { base: base ?? '', mine: mine ?? '', theirs: theirs ?? '', merged: merged ?? '' };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

describe('random edits by lines', () => {
  it('of different lines never conflict, and no line is lost', () => {
    fc.assert(
      fc.property(fc.array(edit), fc.infiniteStream(fc.constantFrom<Ending>('\n', '\r\n')), (edits, endings) => {
        const { merged, ...texts } = applyEdits(edits);
        // Every line is there once.
        const own = new Map(linesOf(texts.mine).map((line) => [line, endings.next().value as Ending]));
        const crlfs = [...own.values()].filter((ending) => ending === '\r\n').length;
        const most = crlfs * 2 > own.size ? '\r\n' : '\n';
        const form = (text: string): string =>
          linesOf(text)
            .map((line) => line + (own.get(line) ?? most))
            .join('');
        const result = mergedFile(PATH, { ...texts, mine: form(texts.mine) });
        expect(result).toEqual({ text: form(merged), conflicts: [] });
        expect(mergedFile(PATH, { ...texts, base: texts.theirs, mine: result.text })).toEqual(result);
      }),
      { numRuns: 300 },
    );
  });

  it('of the same line are always reported, with both sides', () => {
    fc.assert(
      fc.property(fc.array(edit), fc.array(edit), fc.boolean(), fc.boolean(), (before, after, keepsBase, isDeleted) => {
        const clean = applyEdits(before);
        const rest = applyEdits(after);
        const join = (side: 'base' | 'mine' | 'theirs' | 'merged', ...lines: readonly string[]): string =>
          clean[side] +
          lines.map((line) => `${line}\n`).join('') +
          rest[side].replaceAll(/(?<=line|same) /g, '$&after ');
        const base = join('base', ...(keepsBase ? ['place'] : []));
        const mine = join('mine', ...(isDeleted && keepsBase ? [] : ['my place']));
        const theirs = join('theirs', 'their place', 'more');
        const conflict = {
          line: clean.mine.split('\n').length,
          base: keepsBase ? ['place'] : [],
          mine: isDeleted && keepsBase ? [] : ['my place'],
          theirs: ['their place', 'more'],
        };
        const ours = mergedFile(PATH, { base, mine, theirs }, 'ours');
        expect(ours.conflicts).toEqual([conflict]);
        expect(ours.text).toBe(join('merged', ...conflict.mine));
        const markers = mergedFile(PATH, { base, mine, theirs });
        expect(markers.conflicts).toEqual([conflict]);
        expect(markers.text).toBe(
          join(
            'merged',
            '<<<<<<< yours',
            ...conflict.mine,
            '||||||| template 0.1.0',
            ...conflict.base,
            '=======',
            ...conflict.theirs,
            '>>>>>>> template 0.2.0',
          ),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('of any text keep every line of yours, and every new line of the template is merged or reported', () => {
    const lines = fc.array(word, { maxLength: 12 });
    const edited = (name: string): fc.Arbitrary<(line: string, index: number) => readonly string[]> =>
      fc
        .array(fc.constantFrom<Operation>('keep', 'keep', 'delete', 'replace', 'insert'), {
          minLength: 12,
          maxLength: 12,
        })
        .map(
          (operations) => (line, index) =>
            ({
              keep: [line],
              delete: [],
              replace: [`${name} ${index}`],
              insert: [`${name} ${index}`, line],
            })[operations[index] ?? 'keep'],
        );
    fc.assert(
      fc.property(lines, edited('mine'), edited('theirs'), fc.boolean(), (base, mine, theirs, isOrderFree) => {
        const print = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
        const texts = { base: print(base), mine: print(base.flatMap(mine)), theirs: print(base.flatMap(theirs)) };
        const { text, conflicts } = mergedFile(PATH, { ...texts, isOrderFree }, 'ours');
        const merged = text.split('\n');
        const reported = conflicts.flatMap((conflict) => conflict.theirs);
        for (const line of texts.mine.split('\n').filter((one) => one.startsWith('mine')))
          expect(merged).toContain(line);
        for (const line of texts.theirs.split('\n').filter((one) => one.startsWith('theirs')))
          expect([...merged, ...reported]).toContain(line);
        for (const conflict of conflicts)
          expect(texts.mine.split('\n').slice(conflict.line - 1, conflict.line - 1 + conflict.mine.length)).toEqual(
            conflict.mine,
          );
      }),
      { numRuns: 500 },
    );
  });
});
