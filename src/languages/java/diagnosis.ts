import { constants, existsSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MIB, readSmallText } from '../../files/read.ts';
import { isOlder } from '../../files/package-version.ts';
import type {
  ProjectDiagnosis,
  ProjectFinding,
  ProjectLocation,
  RuntimeProblem,
  TemporalSdkProblem,
} from '../diagnosis.ts';
import { LIBRARY_FOLDER } from '../worker-library.ts';
import { MAVEN, mavenCommands } from './maven.ts';
import { findJdk, findProgram, missingJdkReason, OLDEST_JAVA } from './jdk.ts';

const POM = 'pom.xml';
const JAR = 'target/app.jar';
/** A heap that grows with need, instead of beginning with a share of the machine's memory. */
const JVM_OPTIONS = ['-XX:+UseSerialGC', '-Xms64m'];
const WRAPPER = '.mvn/wrapper/maven-wrapper.properties';
const TEMPORAL = 'io.temporal';
const LIBRARY = { group: 'kuflow.worker', artifact: 'kuflow-worker' };

/** The oldest version whose calls work with KuFlow: earlier ones do not say which namespace a call is for. */
const OLDEST_SDK = '1.28.0';

export const javaDiagnosis: ProjectDiagnosis = {
  runtime: examineBuildTools,
  temporalSdk: async ({ folder }) => examineSdk(folder, await readPom(folder)),
  worker: ({ folder, env }) =>
    existsSync(join(folder, JAR))
      ? { kind: 'command', program: findProgram('java', env) ?? 'java', args: [...JVM_OPTIONS, '-jar', JAR] }
      : { kind: 'not-built', missing: JAR, build: mavenCommands().install },
};

async function examineBuildTools({ folder, root, env }: ProjectLocation): Promise<ProjectFinding<RuntimeProblem>> {
  const pom = await readPom(folder);
  const release = Number(pom?.property('java.version') ?? OLDEST_JAVA);
  const oldest = Number.isInteger(release) ? Math.max(release, OLDEST_JAVA) : OLDEST_JAVA;
  // It goes before the PATH, so a new JDK alone has no effect.
  const home = (env['JAVA_HOME'] ?? '') === '' ? '' : ', and set JAVA_HOME to its folder';
  const values = { wanted: `a JDK, version ${oldest} or newer (https://adoptium.net)${home}` };
  const jdk = await findJdk(env);
  if (jdk === undefined) {
    const reason = missingJdkReason(env);
    const text = (env['JAVA_HOME'] ?? '') === '' ? `A JDK is not installed: ${reason}` : reason;
    return { kind: 'problem', code: 'runtime-missing', text, values };
  }
  const { javac, version } = jdk;
  const facts = { javac, ...(version !== undefined && { java: String(version) }) };
  if (version !== undefined && version < oldest) {
    const text = `${javac} is version ${version}, but the project needs a JDK, version ${oldest} or newer`;
    return { kind: 'problem', code: 'runtime-too-old', text, facts, values };
  }
  const wrapper = basename(MAVEN);
  const unusable = (file: string, state: string): ProjectFinding<RuntimeProblem> => ({
    ...{ kind: 'problem', code: 'build-file-unusable', text: `${file} ${state}`, facts, values: { file } },
  });
  for (const file of [POM, wrapper, WRAPPER]) if (!existsSync(join(folder, file))) return unusable(file, 'is missing');
  if (!(await isExecutable(join(folder, wrapper)))) return unusable(wrapper, 'is not executable');
  const library = libraryVersion(pom);
  if (library !== undefined && existsSync(join(root, LIBRARY_FOLDER))) {
    const { group, artifact } = LIBRARY;
    const archive = [LIBRARY_FOLDER, ...group.split('.'), artifact, library, `${artifact}-${library}.jar`].join('/');
    if (!existsSync(join(root, archive))) return unusable(archive, 'is missing, and pom.xml refers to it');
  }
  return { kind: 'fine', summary: `JDK ${version ?? 'of unknown version'} and Maven wrapper`, facts };
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

const libraryVersion = (pom: Pom | undefined): string | undefined =>
  pom?.versionsOf(LIBRARY.group).get(LIBRARY.artifact);

/** More than the list of files at the end of a jar. */
const LIST_BYTES = MIB;

/** The version of the library in the built worker. Undefined without one. */
async function builtLibrary(folder: string): Promise<string | undefined> {
  const path = join(folder, JAR);
  if (!existsSync(path)) return undefined;
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - LIST_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const [, version] =
      /BOOT-INF\/lib\/kuflow-worker-([\w.-]+)\.jar/.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
    return version;
  } finally {
    await file.close();
  }
}

async function examineSdk(folder: string, pom: Pom | undefined): Promise<ProjectFinding<TemporalSdkProblem>> {
  const versions = pom?.versionsOf(TEMPORAL) ?? new Map<string, string>();
  const [[, version] = []] = versions;
  if (version === undefined) return { kind: 'skipped', why: `${POM} does not contain the version of Temporal's SDK` };
  const facts = Object.fromEntries([...versions].map(([artifact, value]) => [`${TEMPORAL}:${artifact}`, value]));
  if (new Set(versions.values()).size > 1) {
    const list = Object.entries(facts).map(([artifact, value]) => `${artifact} ${value}`);
    const text = `Temporal's artifacts have different versions: ${list.join(', ')}`;
    return {
      ...{ kind: 'problem', code: 'sdk-versions-differ', text, facts },
      values: { packages: `${TEMPORAL}:*`, file: POM },
    };
  }
  if (isOlder(version, OLDEST_SDK)) {
    const text = `Temporal's SDK ${version} has a known bug: it does not send the header temporal-namespace, so KuFlow cannot tell which namespace a call is for`;
    const values = { package: `${TEMPORAL}:*`, version: OLDEST_SDK };
    return { kind: 'problem', code: 'sdk-known-fault', text, facts, values };
  }
  const [wanted, built] = [libraryVersion(pom), await builtLibrary(folder)];
  if (wanted !== undefined && built !== undefined && wanted !== built) {
    const text = `${JAR} has ${LIBRARY.artifact} ${built}, but ${POM} has ${wanted}`;
    return { kind: 'problem', code: 'sdk-install-outdated', text, facts };
  }
  return { kind: 'fine', summary: `version ${version}`, facts };
}

async function readPom(folder: string): Promise<Pom | undefined> {
  const text = await readSmallText(join(folder, POM), MIB);
  return text === undefined ? undefined : parsePom(text);
}

type Pom = ReturnType<typeof parsePom>;

/** What a `pom.xml` itself contains. Parents, imports and profiles are not resolved. */
function parsePom(text: string) {
  const pom = withoutComments(text);
  const properties = elementsOf(pom, 'properties').join('\n');
  const property = (name: string): string | undefined => elementsOf(properties, name)[0]?.trim();
  return {
    property,
    /** Declared or managed dependencies of this group that have a version, which may be one of the properties. */
    versionsOf: (groupId: string): ReadonlyMap<string, string> =>
      new Map(
        elementsOf(pom, 'dependency').flatMap((dependency): readonly (readonly [string, string])[] => {
          const [own = ''] = dependency.split('<exclusions>', 1);
          const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((name) =>
            elementsOf(own, name)[0]?.trim(),
          );
          if (group !== groupId || artifact === undefined || version === undefined) return [];
          const [, name] = /^\$\{([^}]+)\}$/.exec(version) ?? [];
          const value = name === undefined ? version : property(name);
          return value !== undefined && /^\d/.test(value) ? [[artifact, value]] : [];
        }),
      ),
  };
}

function withoutComments(text: string): string {
  const [start = '', ...rest] = text.split('<!--');
  return start + rest.map((part) => part.split('-->').slice(1).join('-->')).join('');
}

/** The contents of all elements with this name that have no attributes. */
function elementsOf(text: string, name: string): readonly string[] {
  return text
    .split(`<${name}>`)
    .slice(1)
    .map((part) => part.split(`</${name}>`, 1)[0] ?? '');
}
