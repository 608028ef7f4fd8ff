/** One step without a period. `command` can be pasted into a shell. */
export interface Advice {
  readonly text: string;
  readonly command?: string;
}

/** One line: the text, followed by the command if there is one. */
export const formatAdvice = ({ text, command }: Advice): string =>
  command === undefined ? text : `${text}: ${command}`;
