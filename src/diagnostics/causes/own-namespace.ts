import { decodeTokenUnverified } from '../../engine/material/token.ts';
import type { CheckOutputs } from '../check-input.ts';

export interface OwnNamespace {
  readonly name: string;
  /** For use in a sentence. */
  readonly source: string;
}

/**
 * The namespace that the token or the certificate of this application names: in the claim `namespace`, or as the organization (O) of the subject.
 * KuFlow documents neither of them, so this explains why the engine refuses a call, but is not a failure by itself.
 */
export function findOwnNamespace({ token, material }: Readonly<Partial<CheckOutputs>>): OwnNamespace | undefined {
  const reading = decodeTokenUnverified(token?.reveal() ?? '');
  if (reading.kind === 'jwt' && reading.namespace !== undefined)
    return { name: reading.namespace, source: 'the engine token' };
  const organization = /^O=(.+)$/m.exec(material?.subject ?? '')?.[1];
  return organization === undefined ? undefined : { name: organization, source: 'the client certificate' };
}
