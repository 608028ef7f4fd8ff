import { execFileSync } from 'node:child_process';
import { cpSync, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, posix } from 'node:path';

/** What an image would be: a root folder and how its command is started. */
export interface BuiltStage {
  /** The folder used as `/` of the image. */
  readonly root: string;
  /** Absolute in the image. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly ports: readonly number[];
  readonly entrypoint: readonly string[];
  readonly base: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Stage = Mutable<BuiltStage> & { name: string };

export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions in order, without comments, continued lines joined. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, word = '', rest = ''] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? [];
      return { word: word.toUpperCase(), rest: rest.trim() };
    });
}

export interface BuildOptions {
  /** The text of the Dockerfile. */
  readonly dockerfile: string;
  /** Folder that COPY reads. */
  readonly context: string;
  /** Folders that COPY --from reads, as `docker build --build-context` names them. */
  readonly contexts?: Readonly<Record<string, string>>;
  /** An empty folder in which each stage gets its root. */
  readonly into: string;
  /** Environment of RUN, under the image's own. */
  readonly env: NodeJS.ProcessEnv;
  /** Files that each stage's root contains from the start: path in the image -> file. */
  readonly base: Readonly<Record<string, string>>;
}

/**
 * Runs the steps of a Dockerfile as a shell would, without an image: each stage in a separate folder, with this machine's programs. The last
 * stage is returned. An unknown instruction or option is an error.
 */
export function buildStages(options: BuildOptions): BuiltStage {
  const stages: Stage[] = [];
  for (const { word, rest } of parseDockerfile(options.dockerfile)) {
    if (word === 'FROM') {
      const [, base = '', name = String(stages.length)] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      stages.push(startStage(options, base, name, stages.length));
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`${word} before FROM`);
    step(stage, { word, rest }, stages, options);
  }
  const last = stages.at(-1);
  if (last === undefined) throw new Error('no FROM');
  return last;
}

function startStage({ into, base: files }: BuildOptions, base: string, name: string, index: number): Stage {
  const root = join(into, `stage-${index}`);
  for (const [path, from] of Object.entries(files)) {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true });
    try {
      linkSync(from, to);
    } catch {
      // Another file system.
      copyFileSync(from, to);
    }
  }
  return { root, base, name, workdir: '/', env: {}, user: undefined, ports: [], entrypoint: [] };
}

function step(stage: Stage, { word, rest }: Instruction, stages: readonly Stage[], options: BuildOptions): void {
  switch (word) {
    case 'WORKDIR':
      stage.workdir = posix.resolve(stage.workdir, rest);
      mkdirSync(join(stage.root, stage.workdir), { recursive: true });
      return;
    case 'ENV': {
      for (const one of rest.split(/\s+/)) {
        const [, name = '', value = ''] = /^(\w+)=(\S*)$/.exec(one) ?? [];
        if (name === '') throw new Error(`ENV ${rest}: only NAME=VALUE without spaces is understood`);
        stage.env = { ...stage.env, [name]: value };
      }
      return;
    }
    case 'RUN':
      execFileSync('/bin/sh', ['-c', rest], {
        cwd: join(stage.root, stage.workdir),
        env: { ...options.env, ...stage.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return;
    case 'COPY':
      copy(stage, rest, stages, options);
      return;
    case 'USER':
      stage.user = rest;
      return;
    case 'EXPOSE':
      stage.ports = rest.split(/\s+/).map(Number);
      return;
    case 'ENTRYPOINT':
      stage.entrypoint = JSON.parse(rest) as string[];
      return;
    default:
      throw new Error(`${word} is not understood`);
  }
}

function copy(stage: Stage, rest: string, stages: readonly Stage[], { context, contexts = {} }: BuildOptions): void {
  const words = rest.split(/\s+/);
  const option = words[0]?.startsWith('--') === true ? words.shift() : undefined;
  const from = option === undefined ? undefined : /^--from=(\S+)$/.exec(option)?.[1];
  if (option !== undefined && from === undefined) throw new Error(`COPY ${option} is not understood`);
  const source = from === undefined ? context : (stages.find(({ name }) => name === from)?.root ?? contexts[from]);
  if (source === undefined) throw new Error(`COPY --from=${from ?? ''}: there is no such stage`);
  const target = words.pop() ?? '';
  const to = join(stage.root, isAbsolute(target) ? target : posix.join(stage.workdir, target));
  for (const pattern of words) {
    for (const path of matches(source, pattern)) {
      const file = join(source, path);
      if (!existsSync(file)) throw new Error(`COPY ${path}: there is no such file`);
      // The contents of a folder are copied; a file goes into a folder or to a new name.
      const into = statSync(file).isDirectory() || !target.endsWith('/') ? to : join(to, basename(path));
      cpSync(file, into, { recursive: true, verbatimSymlinks: true });
    }
  }
}

/** The native modules below a folder, without following links. */
export function nativeModules(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return nativeModules(path);
    return entry.isFile() && entry.name.endsWith('.node') ? [path] : [];
  });
}

/** Whether a path of a native module names this platform, as in an image: Linux with glibc. */
export function isOfThisPlatform(path: string): boolean {
  const architecture = process.arch === 'x64' ? /x64|x86_64/ : /arm64|aarch64/;
  return /linux-gnu|linux-[a-z0-9]+-gnu/.test(path) && architecture.test(path);
}

function matches(folder: string, pattern: string): readonly string[] {
  if (!pattern.includes('*')) return [pattern];
  const [, start = ''] = /^([^*/]+)\*$/.exec(pattern) ?? [];
  if (start === '') throw new Error(`${pattern}: only a star at the end of a name is understood`);
  return readdirSync(folder).filter((name) => name.startsWith(start));
}
