import { findJdk, OLDEST_JAVA } from '../../src/languages/java/jdk.ts';

/** The JDK of this machine. */
export const jdk = await findJdk(process.env);

/** Why tests that need a JDK are skipped; undefined if they run. In CI they always run, and fail without a JDK. */
export function missingJdk(): string | undefined {
  if (process.env['CI'] === 'true') return undefined;
  if (jdk === undefined) return 'there is no JDK on the PATH and in JAVA_HOME';
  return (jdk.version ?? OLDEST_JAVA) >= OLDEST_JAVA
    ? undefined
    : `${jdk.javac} has version ${jdk.version ?? ''}; JDK ${OLDEST_JAVA} or newer is needed`;
}
