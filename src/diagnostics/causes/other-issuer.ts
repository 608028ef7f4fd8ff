import { X509Certificate } from 'node:crypto';
import type { TlsMaterial } from '../../engine/material/tls-material.ts';
import type { Facts } from '../check.ts';
import type { EngineCauseCode } from '../explanations/engine.ts';
import type { EngineCause } from './engine.ts';

/** How a server rejects a client certificate, with or without saying so. */
const REJECTIONS: readonly EngineCauseCode[] = [
  'client-certificate-refused',
  'engine-closed-after-handshake',
  'engine-handshake-refused',
  'engine-reset',
];

const oneLine = (name: string): string => name.replaceAll('\n', ', ');

/**
 * What can be observed here if the server may have rejected the client certificate: that none of the CA certificates in use issued it. It does
 * not have to be the reason, because a server may trust other issuers.
 */
export function findOtherIssuer(
  { code }: EngineCause,
  material: TlsMaterial | undefined,
): { readonly text: string; readonly facts: Facts } | undefined {
  if (material === undefined || !REJECTIONS.includes(code)) return undefined;
  const authorities = material.ca.map((pem) => new X509Certificate(pem));
  const chain = (material.cert.match(/-----BEGIN[\s\S]*?-----END [A-Z ]+-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  const isIssued = chain.some((one) => authorities.some((ca) => one.checkIssued(ca) && one.verify(ca.publicKey)));
  if (isIssued) return undefined;
  const issuer = oneLine(material.issuer);
  const subjects = authorities.map(({ subject }) => oneLine(subject));
  return {
    text: `The client certificate was issued by "${issuer}", which is not the CA in use, "${subjects.join('", "')}"`,
    facts: { clientIssuer: issuer, authoritySubjects: subjects },
  };
}
