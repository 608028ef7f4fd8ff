import Handlebars from 'handlebars';
import { didYouMean } from '../../base/near-match.ts';
import { BLOCK_HELPERS, VALUE_HELPERS } from '../template-helpers.ts';

interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
}

interface Call extends Node {
  readonly path: { readonly type: string; readonly original?: unknown };
  readonly params: readonly Node[];
  readonly hash?: { readonly pairs: readonly unknown[] };
  readonly escaped?: boolean;
  readonly program?: Program;
  readonly inverse?: Program;
}

interface Program extends Node {
  readonly body: readonly Node[];
}

const VALUES: ReadonlySet<unknown> = new Set(VALUE_HELPERS);
const BLOCKS: ReadonlySet<unknown> = new Set(BLOCK_HELPERS);

/** The problems of a template as `file:line: reason`. Empty if every value goes through a language helper. */
export function findTemplateProblems(file: string, source: string): readonly string[] {
  let program: Program;
  try {
    program = Handlebars.parse(source);
  } catch (error) {
    return [`${file}: ${error instanceof Error ? error.message : 'not a valid template'}`];
  }
  return findProgramProblems(program).map(({ node, reason }) => `${file}:${node.loc?.start.line ?? 0}: ${reason}`);
}

interface Problem {
  readonly node: Node;
  readonly reason: string;
}

function findProgramProblems(program: Program): readonly Problem[] {
  return program.body.flatMap((node): readonly Problem[] => {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return [];
      case 'MustacheStatement':
        return findCallProblems(
          node as Call,
          VALUES,
          'a bare value; use a language helper, or \\{{ for literal braces',
        );
      case 'BlockStatement': {
        const block = node as Call;
        return [
          ...findCallProblems(block, BLOCKS, 'use #list or #when, which reject undefined'),
          ...(block.program === undefined ? [] : findProgramProblems(block.program)),
          ...(block.inverse === undefined ? [] : findProgramProblems(block.inverse)),
        ];
      }
      default:
        return [{ node, reason: `${node.type} is not allowed in templates` }];
    }
  });
}

function findCallProblems(call: Call, allowed: ReadonlySet<unknown>, reason: string): readonly Problem[] {
  const name = call.path.original;
  if (!allowed.has(name)) {
    const isHelper = call.type === 'MustacheStatement' && call.params.length > 0 && typeof name === 'string';
    return [{ node: call, reason: isHelper ? `unknown helper ${name}${didYouMean(name, VALUE_HELPERS)}` : reason }];
  }
  if (call.type === 'MustacheStatement' && call.escaped === false) return [{ node: call, reason: 'a triple mustache' }];
  const [value, ...more] = call.params;
  if (value?.type !== 'PathExpression' || more.length > 0 || (call.hash?.pairs.length ?? 0) > 0) {
    return [{ node: call, reason: 'a helper accepts exactly one named value' }];
  }
  return [];
}
