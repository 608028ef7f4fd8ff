import { accessSync, constants, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { KuFlowClient } from '../../kuflow/client.ts';
import type { GroupPageItem, PrincipalPageItem } from '../../kuflow/contract/people.ts';
import { mediaTypeOf } from '../../schema/document-type.ts';
import { sampleDocument, type SampleDocument } from '../../schema/example/example-document.ts';
import { findReferences, formatReference, mapReferences, parseReference } from '../../schema/kuflow-references.ts';

export interface ResourceAccess {
  readonly client: KuFlowClient;
  readonly caller: { readonly principalId: string };
  /** Documents belong to it. Without it, references to documents stay as they are. */
  readonly processId?: string | undefined;
}

/** What the references of an example are replaced by. */
export interface RealResources {
  /** References, the preferred ones first. */
  readonly people: Readonly<Record<'principal' | 'group', readonly string[]>>;
  /** Stores a document and returns a reference to it. Without it, references to documents stay as they are. */
  readonly upload?: ((document: SampleDocument) => Promise<string> | string) | undefined;
}

/** Replaces the made-up references of an example by references to uploaded documents, and to principals and groups of KuFlow. */
export async function withRealReferences(example: JsonObject, access: ResourceAccess): Promise<JsonObject> {
  return await replaceExampleReferences(example, {
    people: await listPeople(access),
    upload: access.processId === undefined ? undefined : (document) => upload(access, document),
  });
}

export async function replaceExampleReferences(example: JsonObject, { people, upload: store }: RealResources) {
  const chosen = new Map<string, string>();
  return await replaceReferences(example, replacedKinds(store !== undefined), async (kind, made) => {
    if (kind === 'file') {
      const { type = '', size } = parseReference(made)?.fields ?? {};
      return (await store?.(sampleDocument({ accept: type, maxSize: Number(size) }))) ?? made;
    }
    // Different made-up references stay different while there are enough resources, for arrays with unique items.
    const known = chosen.get(made);
    if (known !== undefined) return known;
    const all = people[kind];
    const real = all.find((one) => ![...chosen.values()].includes(one)) ?? all[0] ?? made;
    chosen.set(made, real);
    return real;
  });
}

/**
 * Replaces the shorthands in data that a person wrote: `kuflow-file:` with the path of a file, which is uploaded, `kuflow-principal:` with the
 * email address of a user, and `kuflow-group:` with the code of a group. Complete references stay as they are. Rejects with KnownError for an
 * unknown user or group.
 */
export async function withNamedReferences(data: JsonObject, access: ResourceAccess): Promise<JsonObject> {
  return await replaceReferences(data, replacedKinds(access.processId !== undefined), async (kind, text) => {
    if (!isShorthand(text)) return text;
    const name = shorthandName(text);
    if (kind === 'file') {
      return await upload(access, { name: basename(name), type: mediaTypeOf(name), bytes: await readFile(name) });
    }
    const real = kind === 'principal' ? await principalByEmail(access, name) : await groupByCode(access, name);
    if (real === undefined)
      throw new KnownError({ message: `${kind === 'principal' ? 'User' : 'Group'} ${name} does not exist in KuFlow` });
    return real;
  });
}

/** Makes the paths of documents absolute, from `folder`. Throws KnownError, with a lower-case message, for a file that cannot be read. */
export function withAbsolutePaths<T extends Json>(value: T, folder: string): T {
  return mapReferences(value, ['file'], (text) => {
    if (!isShorthand(text)) return text;
    const path = resolve(folder, shorthandName(text));
    try {
      accessSync(path, constants.R_OK);
    } catch (cause) {
      throw new KnownError({ message: `cannot read the document ${path}: ${messageOf(cause)}`, cause });
    }
    return `kuflow-file:${path}`;
  });
}

/** Replaces the shorthands of documents by complete references, so that data can be checked before anything is uploaded. */
export function withPendingDocuments(data: JsonObject): JsonObject {
  return mapReferences(data, ['file'], (text) => {
    if (!isShorthand(text)) return text;
    const path = shorthandName(text);
    const size = String(statSync(path).size);
    return formatReference('file', { uri: 'pending', type: mediaTypeOf(path), size, name: basename(path) });
  });
}

const shorthandName = (text: string): string => text.slice(text.indexOf(':') + 1);

/** Whether the text after the prefix is a path, an email address or a code, and not the fields of a reference. */
export function isShorthand(text: string): boolean {
  return Object.keys(parseReference(text)?.fields ?? {}).length === 0;
}

type ReplacedKind = 'file' | 'principal' | 'group';

const replacedKinds = (hasProcess: boolean): readonly ReplacedKind[] =>
  hasProcess ? ['file', 'principal', 'group'] : ['principal', 'group'];

async function replaceReferences(
  value: JsonObject,
  kinds: readonly ReplacedKind[],
  replace: (kind: ReplacedKind, text: string) => Promise<string>,
): Promise<JsonObject> {
  const replaced: string[] = [];
  for (const text of findReferences(value, kinds))
    replaced.push(await replace(parseReference(text)?.kind as ReplacedKind, text));
  return mapReferences(value, kinds, () => replaced.shift() ?? '');
}

async function upload({ client, processId = '' }: ResourceAccess, { name, type, bytes }: SampleDocument) {
  const { documentUri } = await client.uploadProcessDocument(processId, { fileName: name, contentType: type, bytes });
  return documentUri;
}

async function listPeople({ client, caller }: ResourceAccess): Promise<RealResources['people']> {
  const principals: PrincipalPageItem[] = [];
  for await (const principal of client.items('findPrincipals', {})) principals.push(principal);
  const groups: GroupPageItem[] = [];
  for await (const group of client.items('findGroups', {})) groups.push(group);
  return formatPeople(principals, groups, caller.principalId);
}

/** References to the caller, to other users and applications, and to the groups. */
export function formatPeople(
  principals: readonly PrincipalPageItem[],
  groups: readonly GroupPageItem[],
  callerId: string,
): RealResources['people'] {
  const isCaller = ({ id }: PrincipalPageItem): boolean => id === callerId;
  return {
    principal: [
      ...principals.filter(isCaller),
      ...principals.filter((one) => !isCaller(one) && one.type !== 'SYSTEM'),
    ].map(({ id = '', type = '', name = '' }) => formatPrincipal(id, type, name)),
    group: groups.map(({ id, name }) => formatGroup(id, name)),
  };
}

async function principalByEmail({ client }: ResourceAccess, email: string): Promise<string | undefined> {
  for await (const { principalId } of client.items('findTenantUsers', { email: [email] })) {
    const { id = '', type = '', name = '' } = await client.retrievePrincipal(principalId);
    return formatPrincipal(id, type, name);
  }
  return undefined;
}

async function groupByCode({ client }: ResourceAccess, code: string): Promise<string | undefined> {
  for await (const { id, name } of client.items('findGroups', { groupCode: [code] })) return formatGroup(id, name);
  return undefined;
}

const formatPrincipal = (id: string, type: string, name: string): string =>
  formatReference('principal', { id, type, name });
// KuFlow's API does not return the type of a group. `OTHERS` is that of groups that people create.
const formatGroup = (id: string, name: string): string => formatReference('group', { id, type: 'OTHERS', name });
