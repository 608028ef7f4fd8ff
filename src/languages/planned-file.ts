export interface PlannedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly contents: Uint8Array;
  readonly mode: 0o644 | 0o755 | 0o600;
}

/** A file with a text, which everybody may read. */
export function textFile(path: string, text: string): PlannedFile {
  return { path, contents: Buffer.from(text), mode: 0o644 };
}

export function textOf(file: PlannedFile): string;
export function textOf(file: PlannedFile | undefined): string | undefined;
export function textOf(file: PlannedFile | undefined): string | undefined {
  return file === undefined ? undefined : Buffer.from(file.contents).toString('utf8');
}

/** The file with a change of its text. */
export function changeText(file: PlannedFile, change: (text: string) => string): PlannedFile {
  return { ...file, contents: Buffer.from(change(textOf(file))) };
}

/** The mode of a project file that is closest to these permission bits. */
export function plainMode(mode: number): PlannedFile['mode'] {
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}
