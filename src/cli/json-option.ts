import { Option } from 'commander';

export function jsonOption(what = 'the result'): Option {
  return new Option('--json', `Print ${what} as JSON`);
}
