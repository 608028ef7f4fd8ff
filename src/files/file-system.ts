/** What is at a path; for a link, the link itself. */
export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Whether it belongs to the user of this process. Always true on systems without file owners. */
  readonly own: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Equal for two names of one file. */
  readonly id: string;
}

/** A newly created file that is open for writing. */
export interface NewFile {
  write(content: Uint8Array): Promise<void>;
  setMode(mode: number): Promise<void>;
  setOwner(uid: number, gid: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The system calls of everything that is written in several steps, one method each, so that a test can end the process between any two.
 * All reject with the system's error.
 */
export interface FileSystem {
  /** Undefined if nothing is there. */
  look(path: string): Promise<FileStatus | undefined>;
  /** The content of a regular file. Does not follow links. */
  read(path: string): Promise<Buffer>;
  list(folder: string): Promise<readonly string[]>;
  /** Creates it, with mode 0700 by default. The umask narrows the mode. Fails if something is there. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Makes an existing folder accessible only to its owner. */
  closeFolder(path: string): Promise<void>;
  /** Creates it, with mode 0600 by default. The umask narrows the mode. Fails if something is there, even a link. */
  create(path: string, mode?: number): Promise<NewFile>;
  /** Gives a file a second name. Fails if something is there. */
  link(path: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes renames and new files in the folder survive a power failure. */
  syncFolder(path: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** Tries to take a lock, which ends when its holder is killed. */
  lock(path: string): Promise<FileLock>;
}

export type FileLock =
  | { readonly kind: 'taken'; readonly release: () => Promise<void> }
  /** `pid` is absent if the holder changed at every attempt. */
  | { readonly kind: 'held'; readonly pid?: number | undefined };
