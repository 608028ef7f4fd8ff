import { groupBy } from '../../base/group-by.ts';
import type { TaskKind } from '../definition.ts';
import { findFunctionsWithBraces, findPythonFunctions, NAME, type SampleFunction } from './functions.ts';
import { scanSource, type SourceText } from './source-text.ts';
import type { SampleFile, SampleLanguage } from './files.ts';

/** A value of a worker sample, and where it is; lines start at 1. */
export interface FoundValue {
  readonly value: string;
  /** Relative to the folder of the sample. */
  readonly file: string;
  readonly line: number;
}

export interface SampleTask {
  readonly code: string;
  readonly name?: string | undefined;
  /** Undefined if the sample does not say that it is a message or a thread. */
  readonly kind?: Extract<TaskKind, 'message' | 'thread'> | undefined;
  readonly file: string;
  readonly line: number;
}

interface Place {
  readonly source: SourceText;
  readonly offset: number;
}

interface Text extends Place {
  readonly value: string;
}

/** A place that names a task, whose code is elsewhere if it names a constant. */
interface Reference extends Text {
  readonly literal: Place;
}

interface Entry extends Text {
  /** Name of the function that the workflow starts with. */
  readonly run: string;
}

/** Reads the workflow type and the tasks from the source files of a workflow. Never throws: what is not found is missing in the result. */
export function readSampleWorkflow(language: SampleLanguage, files: readonly SampleFile[]) {
  const style = language === 'python' ? 'hash' : 'slashes';
  const sources = files.map(({ path, text }) => scanSource(path, text, style));
  const functions = sources.flatMap(language === 'python' ? findPythonFunctions : findFunctionsWithBraces);
  const constants = findConstants(sources);
  const entries = sources.flatMap((source) => FIND_ENTRIES[language](source, functions, constants));
  const references = sources.flatMap((source) => findReferences(source, constants));
  const ownerOf = findOwners(functions);
  const own = groupBy(references, ownerOf);
  const ownKinds = groupBy(sources.flatMap(findKinds), ownerOf);
  const calls = groupBy(findCalls(sources, functions), ownerOf);

  const tasks = new Map<string, SampleTask>();
  const add = (value: string, { source, offset }: Place, owner?: SampleFunction): void => {
    const known = tasks.get(value) ?? { code: value, file: source.path, line: source.lineAt(offset) };
    // A function that creates several tasks describes none of them.
    const isItsOwn = owner !== undefined && own.get(owner)?.every((one) => one.value === value) === true;
    tasks.set(value, {
      ...known,
      name: known.name ?? (isItsOwn ? documentedName(owner.documentation) : undefined),
      kind: known.kind ?? (isItsOwn ? statedKind(ownKinds.get(owner) ?? []) : undefined),
    });
  };
  const stepsOf = (called: SampleFunction): readonly (Call | Reference)[] =>
    [...(calls.get(called) ?? []), ...(own.get(called) ?? [])].sort((a, b) => a.offset - b.offset);
  const visited = new Set<SampleFunction>();
  // Not recursive: a hostile file may call as deep as it is long.
  const open: { readonly called: SampleFunction; readonly steps: IterableIterator<Call | Reference> }[] = [];
  const visit = (called: SampleFunction): void => {
    if (!visited.has(called)) open.push({ called, steps: stepsOf(called).values() });
    visited.add(called);
  };
  for (const entry of entries.flatMap(({ run }) => functions.filter(({ name }) => name === run))) {
    visit(entry);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const step = top.steps.next().value as Call | Reference | undefined;
      if (step === undefined) open.pop();
      else if ('callee' in step) visit(step.callee);
      else add(step.value, step.literal, top.called);
    }
  }
  const created = new Set(tasks.keys());
  for (const reference of references) add(reference.value, reference.literal, ownerOf(reference));
  for (const [name, constant] of constants) if (TASK_CODE.test(name)) add(constant.value, constant);
  return {
    /** All different workflow types, including placeholders. */
    types: uniqueValues(entries),
    /** In the order in which the workflow creates them. */
    tasks: [...tasks.values()],
    /** Codes of tasks that the workflow does not create. They come last. */
    unused: [...tasks.keys()].filter((code) => !created.has(code)),
  };
}

function uniqueValues(texts: readonly Text[]): readonly FoundValue[] {
  const unique = new Map(texts.toReversed().map((text) => [text.value, text]));
  return [...unique.values()]
    .map(({ value, source, offset }) => ({ value, file: source.path, line: source.lineAt(offset) }))
    .reverse();
}

const TASK_CODE = /^_?TASK_CODE_/;

/** Names in capitals that a string literal is assigned to. */
function findConstants(sources: readonly SourceText[]): Constants {
  const constants = new Map<string, Text>();
  for (const source of sources) {
    for (const { start, end, value } of source.strings.values()) {
      const before = source.code.slice(Math.max(start - 300, 0), start);
      const name = ASSIGNMENT.exec(before)?.[1];
      if (name === undefined || value === undefined || constants.has(name)) continue;
      // A part of an expression is not the value.
      if (/^[ \t]*[+.([]/.test(source.code.slice(end, end + 50))) continue;
      constants.set(name, { value, source, offset: start });
    }
  }
  return constants;
}

const ASSIGNMENT = /(?<![\p{L}\p{N}_$.])(_?\p{Lu}[\p{Lu}\p{N}_$]*)(?:\s*:\s*[\w.[\]" ]{1,50})?\s*=\s*$/u;

/** The text at an offset: a string literal, the name of a constant, or `Enumeration.NAME.name()`, which is `NAME`. */
function textAt(source: SourceText, offset: number, constants: Constants): Text | undefined {
  const { code, strings } = source;
  const literal = strings.get(offset);
  if (literal !== undefined) {
    const isPart = /^\s*[+.([]/.test(code.slice(literal.end, literal.end + 50));
    return isPart || literal.value === undefined ? undefined : { source, offset, value: literal.value };
  }
  const [path, , suffix = ''] =
    new RegExp(`^((?:${NAME}\\.)*${NAME})(\\(\\))?(?![.([])`, 'u').exec(code.slice(offset, offset + 300)) ?? [];
  if (path === undefined) return undefined;
  const names = path.replace('()', '').split('.');
  if (suffix === '') return constants.get(names.at(-1) ?? '');
  const value = names.at(-2);
  return value === undefined || names.at(-1) !== 'name' ? undefined : { source, offset, value };
}

type Constants = ReadonlyMap<string, Text>;

const REFERENCES = [
  // Java
  /\bset(?:TaskDefinition|ProcessItemDefinition)Code\s*\(\s*/g,
  /(?<![pP]rocess|[eE]lement)[dD]efinition\w{0,50}\s*\.\s*setCode\s*\(\s*/g,
  // TypeScript
  /\b(?:taskDefinition|processItemDefinition)Code\s*:\s*/g,
  /\btaskDefinition\s*:\s*\{\s*code\s*:\s*/g,
  // Python
  /\b(?:task_definition|process_item_definition)_code\s*=\s*/g,
  /\bTaskDefinitionSummary\s*\(\s*code\s*=\s*/g,
];
// Where it is used, not where it is declared.
const TASK_CODE_NAME =
  /(?<![\p{L}\p{N}_$])_?TASK_CODE_[\p{L}\p{N}_$]*(?![\p{L}\p{N}_$])(?!\s{0,50}(?::[^=\n{}]{0,50})?=[^=])/gu;

/** Where a workflow names the code of a task, in order. */
function findReferences(source: SourceText, constants: Constants): readonly Reference[] {
  const { code } = source;
  const values = REFERENCES.flatMap((pattern) =>
    Array.from(code.matchAll(pattern), ({ 0: whole, index }) => index + whole.length),
  );
  const names = Array.from(code.matchAll(TASK_CODE_NAME), ({ index }) => index);
  return [...values, ...names]
    .flatMap((offset) => {
      const literal = textAt(source, offset, constants);
      return literal === undefined ? [] : [{ source, offset, value: literal.value, literal }];
    })
    .sort((one, other) => one.offset - other.offset);
}

/** Where a workflow says that it creates a message or a thread. */
function findKinds(source: SourceText): readonly Text[] {
  const names = source.code.matchAll(/(?<![\w$])ProcessItemType\s*\.\s*(TASK|MESSAGE|THREAD)\b/g);
  const literals = Array.from(source.strings.values()).filter(
    ({ start, value = '' }) =>
      ['TASK', 'MESSAGE', 'THREAD'].includes(value) &&
      /(?<![\w$])type\s*[:=]\s*$/.test(source.code.slice(Math.max(start - 20, 0), start)),
  );
  return [
    ...Array.from(names, ({ 1: value = '', index }) => ({ source, offset: index, value })),
    ...literals.map(({ start, value = '' }) => ({ source, offset: start, value })),
  ];
}

function statedKind(kinds: readonly Text[]): SampleTask['kind'] {
  const stated = new Set(kinds.map(({ value }) => value));
  if (stated.size !== 1) return undefined;
  return stated.has('MESSAGE') ? 'message' : stated.has('THREAD') ? 'thread' : undefined;
}

/** What the templates write about a function that creates a task. */
function documentedName(documentation: string): string | undefined {
  const [, name] = /Create (?:a )?(?:task|process item) "([^\n]{1,300}?)" in KuFlow/.exec(documentation) ?? [];
  return name;
}

interface Call extends Place {
  readonly callee: SampleFunction;
}

function findCalls(sources: readonly SourceText[], functions: readonly SampleFunction[]): readonly Call[] {
  const byName = new Map(functions.map((one) => [one.name, one]));
  return sources.flatMap((source) =>
    Array.from(source.code.matchAll(CALL)).flatMap(({ 1: name = '', index }) => {
      const callee = byName.get(name);
      return callee === undefined || (callee.start === index && callee.source === source)
        ? []
        : [{ source, offset: index, callee }];
    }),
  );
}

const CALL = new RegExp(`(?<![\\p{L}\\p{N}_$])(${NAME})\\s{0,100}\\(`, 'gu');

/** Finds the innermost function that contains a place. */
function findOwners(functions: readonly SampleFunction[]): (place: Place) => SampleFunction | undefined {
  const bySource = groupBy(functions, ({ source }) => source);
  const segments = new Map(
    [...bySource].map(([source, inside]) => {
      // The function at each offset at which one begins or ends.
      const starts: { readonly offset: number; readonly owner: SampleFunction | undefined }[] = [];
      const open: SampleFunction[] = [];
      const close = (until: number): void => {
        for (let last = open.at(-1); last !== undefined && last.bodyEnd <= until; last = open.at(-1)) {
          open.pop();
          starts.push({ offset: last.bodyEnd, owner: open.at(-1) });
        }
      };
      for (const one of inside.toSorted((a, b) => a.bodyStart - b.bodyStart)) {
        close(one.bodyStart);
        open.push(one);
        starts.push({ offset: one.bodyStart, owner: one });
      }
      close(Infinity);
      return [source, starts] as const;
    }),
  );
  return ({ source, offset }) => {
    const starts = segments.get(source) ?? [];
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return starts[low - 1]?.owner;
  };
}

type FindEntries = (source: SourceText, functions: readonly SampleFunction[], constants: Constants) => readonly Entry[];

/** Each is searched for in the text around it. */
const MAX_ENTRIES = 20;

const FIND_ENTRIES: Readonly<Record<SampleLanguage, FindEntries>> = {
  java: (source, _, constants) => {
    const { code } = source;
    const found = Array.from(code.matchAll(/@(?:\w+\.){0,10}WorkflowMethod\b\s*(\(\s*(?:name\s*=\s*)?)?/g));
    return found.slice(0, MAX_ENTRIES).flatMap(({ 0: whole, 1: options, index }) => {
      const end = index + whole.length;
      const hasName = options?.includes('=') === true;
      const after = options === undefined ? end : Math.max(code.indexOf(')', end) + 1, end);
      const method = new RegExp(`(${NAME})\\s{0,100}\\(`, 'u').exec(code.slice(after, after + 1000))?.[1];
      // Temporal uses the name of the interface if there is no other.
      const names = Array.from(code.slice(0, index).matchAll(new RegExp(`\\binterface\\s+(${NAME})`, 'gu')));
      const text = hasName ? textAt(source, end, constants) : { value: names.at(-1)?.[1] ?? '' };
      return method === undefined ? [] : [{ source, offset: index, value: text?.value ?? '', run: method }];
    });
  },
  typescript: (source, functions) => {
    const exported = functions.filter(
      (one) =>
        one.source === source &&
        /\bexport\s+(?:default\s+)?(?:async\s+)?(?:function|const)\s*\*?\s*$/.test(
          source.code.slice(Math.max(one.start - 100, 0), one.start),
        ),
    );
    const typed = exported.filter(({ signature }) => /\bWorkflow(?:Request|Response)\b/.test(signature));
    return (typed.length > 0 ? typed : exported)
      .slice(0, MAX_ENTRIES)
      .map(({ name, start }) => ({ source, offset: start, value: name, run: name }));
  },
  python: (source, functions, constants) => {
    const { code } = source;
    const found = Array.from(code.matchAll(/^@(?:\w+\.){0,10}defn\b[ \t]*(\((?:[^()]{0,300},)?\s*name\s*=\s*|\()?/gm));
    return found.slice(0, MAX_ENTRIES).flatMap(({ 0: whole, 1: options, index }) => {
      const end = index + whole.length;
      const hasName = options?.includes('=') === true;
      const named = new RegExp(`^class[ \\t]+(${NAME})`, 'mu').exec(code.slice(end, end + 1000))?.[1];
      const run = /^[ \t]+@(?:\w+\.){0,10}run\b[\s\S]{0,200}?\bdef[ \t]+/m.exec(code.slice(end));
      const start = run === null ? undefined : end + run.index + run[0].length;
      const entry = functions.find((one) => one.source === source && one.start === start);
      const text = hasName ? textAt(source, end, constants) : { value: named ?? '' };
      return [{ source, offset: index, value: text?.value ?? '', run: entry?.name ?? 'run' }];
    });
  },
};
