import { InvalidArgumentError, Option, type Command } from 'commander';
import { collectValues, wholeNumber } from './declarations.ts';
import { parseLife, parseSeconds } from './duration.ts';
import { stateDirOption } from './process-and-task-options.ts';

export interface DevFlags {
  readonly definition?: readonly string[];
  readonly people?: string;
  readonly stateDir?: string;
  readonly temporalPath?: string;
  readonly port?: number;
  readonly httpsPort?: number;
  readonly enginePort?: number;
  /** True without a port: the default one, or the next free one. */
  readonly temporalUi?: number | true;
  readonly hostName?: readonly string[];
  readonly tokenLife?: number;
  readonly tokenGrace?: number;
  readonly certificateLife?: number;
  readonly requests?: boolean;
  readonly json?: boolean;
  readonly ephemeral?: boolean;
  /** Undefined: with `json` or `ephemeral`, if stdin is a pipe. */
  readonly watchStdin?: boolean;
}

export function platformOptions(command: Command): Command {
  command
    .addOption(
      collectValues(
        '--definition <file>',
        "Process definition to serve (repeatable; default: the project's definitions, or a sample)",
      ),
    )
    .option('--people <file>', 'File with users and groups (default: kuflow.people.yaml, if it exists)')
    .option('--requests', 'Show all requests, not just failed ones');
  return command
    .addOption(stateDirOption())
    .option('--temporal-path <file>', 'Path to the `temporal` executable (or set KUFLOW_TEMPORAL_PATH)')
    .option('--token-life <duration>', 'Lifetime of an engine token (default: 1h)', parseLife)
    .addOption(
      new Option('--token-grace <duration>', 'How long to accept a token after it expires (default: 120s)')
        .argParser(parseSeconds)
        .hideHelp(),
    )
    .addOption(
      new Option('--certificate-life <duration>', 'Lifetime of an engine certificate (default: 400d)')
        .argParser(parseLife)
        .hideHelp(),
    )
    .optionsGroup('Address options:')
    .option('--port <port>', 'HTTP port (default: 7480 or the next free one)', parsePort)
    .option('--https-port <port>', 'HTTPS port (default: 7443 or the next free one)', parsePort)
    .option('--engine-port <port>', 'Engine port (default: 7483 or the next free one)', parsePort)
    .addOption(
      collectValues(
        '--host-name <name>',
        'DNS name to add to the server certificates (repeatable); printed addresses use the first one',
        parseDnsName,
      ),
    );
}

export const parsePort = wholeNumber(0, 65_535);

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const DNS_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

function parseDnsName(text: string): string {
  // A URL parses a name of digits and dots as an IP address, and rejects it when it is not a valid one.
  if (text.length > 253 || !DNS_NAME.test(text) || !URL.canParse(`https://${text}`))
    throw new InvalidArgumentError('a DNS name such as kuflow.local');
  return text;
}
