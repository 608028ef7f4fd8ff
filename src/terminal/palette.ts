import { Chalk, type ChalkInstance } from 'chalk';
import type { Channel } from './terminal.ts';

const plain = new Chalk({ level: 0 });
const colored = new Chalk({ level: 1 });

/** The colours of a channel: real ones on a terminal, none elsewhere. */
export function palette(channel: Channel): ChalkInstance {
  return channel.color ? colored : plain;
}
