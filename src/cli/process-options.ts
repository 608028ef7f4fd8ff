import { InvalidArgumentError, Option, type Command } from 'commander';

const LARGEST_SAMPLE = 1000;

/** An option that may be given several times, each with one value, which `read` may refuse. */
export function collectValues(flags: string, description: string, read = (value: string): string => value): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    read(value),
  ]);
}

/** How many instances a discovery may read. */
export function sampleOption(): Option {
  return new Option(
    '--sample <count>',
    'Read up to this many instances for the shapes of their data; only keys and types are kept',
  ).argParser(sampleCount);
}

function sampleCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > LARGEST_SAMPLE) {
    throw new InvalidArgumentError(`A whole number from 1 to ${LARGEST_SAMPLE} is expected.`);
  }
  return value;
}

/** `processOptions` as commander hands them over. */
export interface ProcessFlags {
  readonly task?: readonly string[];
  readonly taskSchema?: readonly string[];
  readonly metadataSchema?: string;
}

/** The options that describe a process by its tasks. */
export function processOptions(command: Command): Command {
  return command
    .addOption(
      collectValues('--task <code[:kind]>', 'A task, again for each; kind is human, system, message or thread (human)'),
    )
    .addOption(collectValues('--task-schema <code=file>', 'JSON Schema of the data of a task, again for each'))
    .option('--metadata-schema <file>', 'JSON Schema of the metadata of the process');
}
