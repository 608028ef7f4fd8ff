import type { CertificatePart, CertificateSource } from '../../connection/certificate.ts';
import type { Advice, Finding } from '../check.ts';

const REPLACING = /^<kuflow> credentials (pull|rotate)$/;

/**
 * The finding, whose advice says what has to happen before a new certificate can be used: variables and inline data override the files that a pull
 * writes, and without `--force`, a pull does not replace settings that point to files of another origin.
 */
export function withObstacles(finding: Finding, material: CertificateSource): Finding {
  const parts = material.kind === 'requested' ? [] : (material.parts ?? []);
  const overriding = parts.filter(({ isVariable, path }) => isVariable || path === undefined);
  const needsForce = parts.some(({ isVariable, path }) => !isVariable && path !== undefined && !isPulled(path));
  const advice = (finding.advice ?? []).flatMap((one): readonly Advice[] => {
    const [, command] = REPLACING.exec(one.command ?? '') ?? [];
    if (command === undefined) return [one];
    const before = overriding.map(({ source }) => source).join(', ');
    return [
      ...(before === '' ? [] : [{ text: `Remove ${before}, which overrides the files that the next command writes` }]),
      command === 'pull' && needsForce ? { ...one, command: `${one.command ?? ''} --force` } : one,
    ];
  });
  return { ...finding, advice };
}

const isPulled = (path: string): boolean => /[\\/]\.kuflow[\\/]credentials[\\/]/.test(path);

/** The part that comes from another place than the other two: from a variable, or from another application file. */
export function findOddPart(material: CertificateSource): CertificatePart | undefined {
  const parts = material.kind === 'requested' ? [] : (material.parts ?? []);
  const origins = new Map<string, CertificatePart[]>();
  for (const part of parts) origins.set(part.origin, [...(origins.get(part.origin) ?? []), part]);
  if (origins.size < 2) return undefined;
  const [smallest = []] = [...origins.values()].sort((one, other) => one.length - other.length);
  return smallest.find(({ part }) => part === 'key') ?? smallest[0];
}
