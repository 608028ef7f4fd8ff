import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { didYouMean } from '../../base/near-match.ts';
import { BLOCK_HELPERS, VALUE_HELPERS } from '../template-helpers.ts';
import { listFiles, templatesFolder } from './files.ts';

/** An ES module with each `.hbs` file, precompiled, by path, for `dist/templates.js`. Throws if one prints a value without a language helper. */
export function compileTemplates(folder: string = templatesFolder()): string {
  const names = listFiles(folder).filter((name) => name.endsWith('.hbs'));
  const sources = names.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  const problems = sources.flatMap(([name, source]) => findTemplateProblems(name, source));
  if (problems.length > 0) throw new Error(`Invalid templates:\n${problems.join('\n')}`);
  const entries = sources.map(([name, source]) => `  ${JSON.stringify(name)}: ${precompileTemplate(source)},\n`);
  return `export const templates = {\n${entries.join('')}};\n`;
}

/** A template that can be rendered. `findTemplateProblems` must not find anything in its source. */
export function compileTemplate(source: string): TemplateSpecification {
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call -- what Handlebars itself does
  return new Function(`return ${precompileTemplate(source)}`)() as TemplateSpecification;
}

function precompileTemplate(source: string): string {
  const knownHelpers = Object.fromEntries([...VALUE_HELPERS, ...BLOCK_HELPERS].map((name) => [name, true]));
  // Handlebars declares the result as an object, but it is a string.
  return Handlebars.precompile(source, { noEscape: true, knownHelpers, knownHelpersOnly: true }) as unknown as string;
}

const VALUES: ReadonlySet<unknown> = new Set(VALUE_HELPERS);
const BLOCKS: ReadonlySet<unknown> = new Set(BLOCK_HELPERS);

/** The problems of a template as `file:line: reason`. Empty if every value goes through a language helper. */
export function findTemplateProblems(file: string, source: string): readonly string[] {
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(source);
  } catch (error) {
    return [`${file}: ${error instanceof Error ? error.message : 'not a valid template'}`];
  }
  return findProgramProblems(program).map(({ node, reason }) => `${file}:${node.loc.start.line}: ${reason}`);
}

interface Problem {
  readonly node: hbs.AST.Node;
  readonly reason: string;
}

function findProgramProblems(program: hbs.AST.Program): readonly Problem[] {
  return program.body.flatMap((node): readonly Problem[] => {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return [];
      case 'MustacheStatement':
        return findCallProblems(
          node as hbs.AST.MustacheStatement,
          VALUES,
          'a bare value; use a language helper, or \\{{ for literal braces',
        );
      case 'BlockStatement': {
        const block = node as hbs.AST.BlockStatement;
        // Either is missing in some blocks.
        const programs: readonly (hbs.AST.Program | undefined)[] = [block.program, block.inverse];
        return [
          ...findCallProblems(block, BLOCKS, 'use #list or #when, which reject undefined'),
          ...programs.flatMap((program) => (program === undefined ? [] : findProgramProblems(program))),
        ];
      }
      default:
        return [{ node, reason: `${node.type} is not allowed in templates` }];
    }
  });
}

function findCallProblems(
  call: hbs.AST.MustacheStatement | hbs.AST.BlockStatement,
  allowed: ReadonlySet<unknown>,
  reason: string,
): readonly Problem[] {
  const name = 'original' in call.path ? call.path.original : undefined;
  if (!allowed.has(name)) {
    const isHelper = call.type === 'MustacheStatement' && call.params.length > 0 && typeof name === 'string';
    return [{ node: call, reason: isHelper ? `unknown helper ${name}${didYouMean(name, VALUE_HELPERS)}` : reason }];
  }
  if ('escaped' in call && !call.escaped) return [{ node: call, reason: 'a triple mustache' }];
  const [value, ...more] = call.params;
  const { pairs } = call.hash ?? { pairs: [] };
  if (value?.type !== 'PathExpression' || more.length > 0 || pairs.length > 0) {
    return [{ node: call, reason: 'a helper accepts exactly one named value' }];
  }
  return [];
}
