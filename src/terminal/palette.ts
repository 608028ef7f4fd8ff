import { Chalk, type ChalkInstance } from 'chalk';
import type { Channel } from './terminal.ts';

const plain = new Chalk({ level: 0 });
const colored = new Chalk({ level: 1 });

/** The colors of a channel; plain text if it does not support color. */
export function palette(channel: Channel): ChalkInstance {
  return channel.color ? colored : plain;
}
