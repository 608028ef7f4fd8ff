import { realpath } from 'node:fs/promises';
import { codeOf } from '../../../base/errors.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { MIB } from '../../../files/read.ts';

/** A file that is only read, and so followed through links. `unreadable`: something is there; `why` is a phrase. */
export type FollowedFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' | 'folder' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a file of at most `largestMib`, wherever a link leads. */
export async function readFollowingLinks(files: StoreFiles, path: string, largestMib: number): Promise<FollowedFile> {
  const unreadable = (why: string): FollowedFile => ({ kind: 'unreadable', why });
  let real = path;
  try {
    let status = await files.look(path);
    if (status === undefined) return { kind: 'absent' };
    if (status.kind === 'link') {
      real = await realpath(path);
      status = await files.look(real);
    }
    if (status?.kind === 'folder') return { kind: 'folder' };
    if (status?.kind !== 'file') return unreadable('it is a pipe, a socket or a device');
    if (status.size > largestMib * MIB) return unreadable(`it is larger than ${largestMib} MiB`);
    return { kind: 'text', text: (await files.read(real)).toString('utf8') };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return unreadable(code === 'ENOENT' ? 'it is a link to nothing' : code);
  }
}
