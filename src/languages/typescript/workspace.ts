import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../base/json.ts';
import { appendToJsonArray, parseJsonObject } from '../../files/json-edit.ts';
import { parseYamlMap, appendBelowYamlKey } from '../../files/yaml-edit.ts';
import { yamlString } from '../../base/escape.ts';
import {
  excludedMemberError,
  isExcludedPath,
  matchesPatterns,
  textsInList,
  type RootEdit,
  type RootFolder,
  type Workspace,
} from '../workspace.ts';
import { choosePackageManager, managerInFolder } from './package-manager.ts';

const MANIFEST = 'package.json';
const PNPM_FILE = 'pnpm-workspace.yaml';
const YARN_FILE = '.yarnrc.yml';

/** Dependencies of a worker whose install scripts are not needed. pnpm requires a decision for each, in the root of the workspace. */
const BUILDS = ['@swc/core', 'esbuild', 'protobufjs'];

export function readNodeWorkspace(folder: RootFolder): Workspace | undefined {
  const { root, readText, env } = folder;
  const manifest = readText(MANIFEST);
  const pnpm = readText(PNPM_FILE);
  if (manifest === undefined && pnpm === undefined) return undefined;
  const isPnpmOnly = pnpm !== undefined && (manifest === undefined || managerInFolder(root) === undefined);
  const packageManager = isPnpmOnly
    ? 'pnpm'
    : choosePackageManager(managerInFolder(root), { env, folder: join(root, 'member') });
  if (packageManager === 'pnpm') return pnpmWorkspace(pnpm);
  if (manifest === undefined) return undefined;
  const { workspaces } = parseJsonObject(manifest, MANIFEST);
  const isNested = isRecord(workspaces);
  const members = textsInList(isNested ? workspaces['packages'] : workspaces);
  const includes = (path: string): boolean => matchesPatterns(members ?? [], path);
  const listPath = ['workspaces', ...(isNested ? ['packages'] : [])];
  return {
    file: MANIFEST,
    members,
    packageManager,
    includes,
    join: (path) => {
      if (includes(path)) return [];
      if (isExcludedPath(members ?? [], path)) throw excludedMemberError(MANIFEST, path);
      return [{ path: MANIFEST, before: manifest, after: appendToJsonArray(manifest, listPath, path, MANIFEST) }];
    },
    problem:
      packageManager === 'yarn@4' && !hasNodeModules(folder)
        ? `belongs to a Yarn workspace with Plug'n'Play, but a worker needs nodeLinker: node-modules in ${YARN_FILE}`
        : undefined,
  };
}

function pnpmWorkspace(text: string | undefined): Workspace {
  const settings = text === undefined ? {} : parseYamlMap(text, PNPM_FILE);
  const members = textsInList(settings['packages']);
  const includes = (path: string): boolean => matchesPatterns(members ?? [], path);
  const decided = isRecord(settings['allowBuilds']) ? settings['allowBuilds'] : {};
  return {
    file: PNPM_FILE,
    members,
    packageManager: 'pnpm',
    includes,
    join: (path): readonly RootEdit[] => {
      if (isExcludedPath(members ?? [], path)) throw excludedMemberError(PNPM_FILE, path);
      const builds = BUILDS.filter((name) => !Object.hasOwn(decided, name));
      const listed = includes(path)
        ? (text ?? '')
        : appendBelowYamlKey(text ?? '', 'packages', `- ${yamlText(path)}`, PNPM_FILE);
      const after =
        builds.length === 0
          ? listed
          : appendBelowYamlKey(
              listed,
              'allowBuilds',
              builds.map((name) => `${yamlText(name)}: false`).join('\n'),
              PNPM_FILE,
            );
      return after === text ? [] : [{ path: PNPM_FILE, before: text, after }];
    },
  };
}

function yamlText(text: string): string {
  if (/^[a-z][\w./-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)) return text;
  return /^[\w@./ -]+$/.test(text) ? `'${text}'` : yamlString(text);
}

function hasNodeModules({ root, readText }: RootFolder): boolean {
  const text = existsSync(join(root, YARN_FILE)) ? readText(YARN_FILE) : undefined;
  const linker = text === undefined ? undefined : parseYamlMap(text, YARN_FILE)['nodeLinker'];
  return linker === 'node-modules' || linker === 'pnpm';
}
