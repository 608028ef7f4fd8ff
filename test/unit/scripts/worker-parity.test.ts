import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import {
  findProblems,
  findProofs,
  LANGUAGES,
  parityPage,
  proofsIn,
  proofsOfGenerated,
  readContract,
} from '../../../scripts/worker-parity.mjs';

describe('the worker contract', () => {
  const read = (file: string): string => readFileSync(join(ROOT, 'docs', 'internals', file), 'utf8');
  const contract = readContract(read('worker-contract.md'));
  const proofs = findProofs(ROOT);

  it('has a test for each row in every language', () => {
    expect(contract.ids.length).toBeGreaterThan(70);
    expect(findProblems(contract, proofs, Object.keys(LANGUAGES))).toEqual([]);
  });

  it('is listed with its tests (`npm run docs` regenerates the page)', () => {
    expect(parityPage(contract, proofs), 'npm run docs').toBe(read('worker-parity.md'));
  });
});

describe('the ids in tests', () => {
  const contract = readContract(`
| id | what a worker does |
| --- | --- |
| \`token.single\` | One request. |
| \`lint.await\` | Lint. |

| id | language | reason |
| --- | --- | --- |
| \`lint.await\` | java | Java does not have promises |
`);
  const PROVEN = `
describe('a token', () => {
  it('is requested once [token.single]', () => {});
  it.each([1])('is requested %i times [java, python: token.single]', () => {});
  it.skip('never runs [lint.await]', () => {});
  it('mentions lint.await', () => {});
});
it.runIf(true)('is found [lint.await]', () => {});`;
  const proofs = proofsIn('a.test.ts', PROVEN);
  const problems = (more: string, languages = ['typescript', 'java', 'python']): readonly string[] =>
    findProblems(contract, proofsIn('a.test.ts', PROVEN + more), languages);

  it('are at the end of titles of tests that run, with their languages', () => {
    expect(proofs.map(({ language, id, title }) => `${language} ${id}: ${title}`)).toEqual([
      'typescript token.single: a token is requested once',
      'java token.single: a token is requested %i times',
      'python token.single: a token is requested %i times',
      'typescript lint.await: is found',
    ]);
  });

  it('of generated tests are listed by title, which must exist', () => {
    const text = "{{#list tasks}}\nit('waits', () => {});\n{{/list}}\n";
    const file = 'templates/java/test/a.test.ts';
    expect(proofsOfGenerated(file, text, { waits: ['token.single'] })).toEqual([
      { language: 'java', id: 'token.single', file, title: 'waits' },
    ]);
    expect(() => proofsOfGenerated(file, text, { waited: ['token.single'] })).toThrow(
      'does not contain a test "waited"',
    );
  });

  it('of a Python project are in functions that pytest runs', () => {
    const text = `
import pytest


@pytest.mark.parametrize(
    "life",
    [1, 2],
)
async def test_is_renewed_in_time(life: int) -> None:
    def test_inside() -> None: ...


@pytest.mark.skipif(not HISTORIES, reason="none yet")
def test_runs_sometimes() -> None: ...


@pytest.mark.skip(reason="later")
def test_never_runs() -> None: ...


class TestManyCallers:
    def test_share_a_request(self) -> None: ...

    @pytest.mark.skip
    async def test_is_skipped(self) -> None: ...


@pytest.mark.skip
class TestSkipped:
    def test_is_skipped_with_its_class(self) -> None: ...


class Helper:
    def test_is_not_a_test(self) -> None: ...


def test_is_the_last() -> None: ...
`;
    const file = 'libraries/python/tests/test_engine_token.py';
    const titled = (one: string, source = text) =>
      proofsOfGenerated(file, source, { [one]: ['token.single'] }).map(
        ({ language, title }) => `${language}: ${title}`,
      );
    expect(titled('is renewed in time')).toEqual(['python: engine token is renewed in time']);
    expect(titled('runs sometimes')).toEqual(['python: engine token runs sometimes']);
    expect(titled('share a request')).toEqual(['python: engine token many callers share a request']);
    expect(titled('is the last')).toEqual(['python: engine token is the last']);
    for (const one of ['inside', 'never runs', 'is skipped', 'is skipped with its class', 'is not a test'])
      expect(() => titled(one), one).toThrow('does not contain a test');
    expect(() => titled('is the last', `pytestmark = pytest.mark.skip\n${text}`)).toThrow('does not contain a test');
  });

  it('are missing for a language that has no test for a row, unless the contract has a reason', () => {
    expect(problems('')).toEqual(['lint.await is not tested for python']);
    expect(problems("it('x [python: lint.await]', () => {})")).toEqual([]);
    expect(findProblems(contract, [], ['java'])).toEqual(['token.single is not tested for java']);
  });

  it('are rejected if the contract, or the list of languages, does not have them', () => {
    expect(problems("it('x [python: lint.await, token.twice]', () => {})")).toEqual([
      'a.test.ts "x": the contract does not contain the row token.twice',
    ]);
    expect(problems("it('x [java: lint.await]', () => {})")).toContain(
      'lint.await has a test for java, although it is not applicable',
    );
    expect(problems('', ['typescript', 'java'])).toEqual(['token.single: unknown language python']);
  });

  it('are listed by row and language', () => {
    const page = parityPage(contract, proofs);
    expect(page).toContain('| `token.single` | a token is requested once (`a.test.ts`) |');
  });
});
