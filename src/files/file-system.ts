/** What stands at a path, the link itself where it is one. */
export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Whether it belongs to the user of this process; always true where the system has no such owner. */
  readonly own: boolean;
}

/** A file that is being written for the first time. */
export interface NewFile {
  write(content: Uint8Array): Promise<void>;
  /** Sets the permission bits. */
  setMode(mode: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Every call of the system that the store makes, one method each, so that a test can end the process between any two of them.
 * All reject with the system's error.
 */
export interface FileSystem {
  /** Undefined when nothing is there. */
  look(path: string): Promise<FileStatus | undefined>;
  /** The content of a regular file that is not followed through a link. */
  read(path: string): Promise<Buffer>;
  list(folder: string): Promise<readonly string[]>;
  /** Mode 0700; fails when something is there. */
  makeFolder(path: string): Promise<void>;
  /** Closes a folder that is there to everybody else. */
  closeFolder(path: string): Promise<void>;
  /** Mode 0600 from birth; fails when something is there, a link included. */
  create(path: string): Promise<NewFile>;
  rename(from: string, to: string): Promise<void>;
  /** Makes renames and new names in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** A lock that a killed holder does not keep. */
  lock(path: string): Promise<FileLock>;
}

export type FileLock =
  | { readonly kind: 'taken'; readonly release: () => Promise<void> }
  /** `pid` is absent when it changed hands at every try. */
  | { readonly kind: 'held'; readonly pid?: number };
