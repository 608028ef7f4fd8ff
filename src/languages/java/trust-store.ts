import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { renameFile } from '../../files/rename.ts';
import { KnownError, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { withContext } from '../../base/system-error.ts';
import type { LocalAccess } from '../language.ts';
import { findJavaHome, runJavaTool, type JavaHome } from './jdk.ts';

/** The password of the JVM's own trust store, which is public, and of the copy. */
const PASSWORD = 'changeit';
const ALIAS = 'kuflow-local-ca';

/**
 * The environment variables for a Java worker, in addition to those for all runtimes: a trust store with the local CA, because the JVM ignores the
 * other CA variables, and the variables that KuFlow's Spring samples read. The queue is only set if the platform serves one process definition. The trust store
 * is in `folder` (absolute), and is created again if the JVM, its own trust store or the CA has changed.
 */
export async function javaEnvironment(
  local: LocalAccess,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<Readonly<Record<string, string>>> {
  const trustStore = await ensureTrustStore(await findJavaHome(env), local.caFile, folder, env);
  const [queue, ...others] = Object.values(local.taskQueues ?? {});
  return {
    JAVA_TOOL_OPTIONS: appendOptions(env['JAVA_TOOL_OPTIONS'], [
      `-Djavax.net.ssl.trustStore=${trustStore}`,
      `-Djavax.net.ssl.trustStorePassword=${PASSWORD}`,
    ]),
    APPLICATION_TEMPORAL_TARGET: local.endpoints.engine,
    ...(queue !== undefined && others.length === 0 && { APPLICATION_TEMPORAL_KUFLOWQUEUE: queue }),
  };
}

/** Returns the path of a copy of the JVM's trust store that also has the local CA. */
async function ensureTrustStore(
  java: JavaHome,
  caFile: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const hash = createHash('sha256').update(java.folder).update('\0');
  for (const path of [java.trustStore, caFile])
    hash.update(await withContext('Reading a trusted certificate', path, () => readFile(path)));
  const path = join(folder, `java-truststore-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return path;
  return await withContext('Creating the trust store for Java', path, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = await mkdtemp(join(folder, 'java-'));
    try {
      const copy = join(temporary, 'truststore');
      await copyFile(java.trustStore, copy);
      // The original may be read-only.
      await chmod(copy, 0o600);
      await importCertificate(java, caFile, copy, env);
      await chmod(copy, 0o600);
      await renameFile(copy, path);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return path;
  });
}

/** With keytool, because Java ignores a certificate in a PKCS#12 file without an attribute that only Java's own tools write. */
async function importCertificate(java: JavaHome, caFile: string, store: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['-importcert', '-noprompt', '-alias', ALIAS, '-file', caFile];
  try {
    await runJavaTool(java.keytool, [...args, '-keystore', store, '-storepass', PASSWORD], env);
  } catch (error) {
    // keytool prints its errors to stdout.
    const output = isRecord(error) ? [error['stdout'], error['stderr']].filter((text) => typeof text === 'string') : [];
    throw new KnownError({
      message: 'keytool could not add the local CA to a copy of the trust store of the JVM',
      tried: `${java.keytool} ${args.join(' ')}, on a copy of ${java.trustStore}`,
      seen: output.join('\n').trim() || messageOf(error),
      next: ['Set JAVA_HOME to another JDK, or use the HTTP endpoint of the local KuFlow, which needs no certificate'],
      cause: error,
    });
  }
}

/** Adds options at the end, where they take precedence, unless they are already there. */
function appendOptions(existing: string | undefined, options: readonly string[]): string {
  const added = options.map(quoteJvmOption).join(' ');
  if (existing === undefined || existing.trim() === '') return added;
  return existing.endsWith(added) ? existing : `${existing} ${added}`;
}

/** The JVM splits the variable at whitespace. Quotes keep a text together, and there is no escape character. */
function quoteJvmOption(option: string): string {
  if (!/[\s'"]/.test(option)) return option;
  return option
    .split('"')
    .map((part) => (part === '' ? '' : `"${part}"`))
    .join(`'"'`);
}
