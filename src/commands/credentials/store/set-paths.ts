import { join } from 'node:path';
import type { SetPaths } from '../formats/formatted.ts';
import { SET_FILES, type StoreLayout } from './layout.ts';

/** Where the files of a set stand, or would. */
export function setFilePaths({ store }: StoreLayout, id: string): SetPaths {
  return {
    cert: join(store, id, SET_FILES.cert),
    key: join(store, id, SET_FILES.key),
    ca: join(store, id, SET_FILES.ca),
  };
}
