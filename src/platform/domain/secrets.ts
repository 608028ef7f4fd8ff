import { createHash, randomBytes } from 'node:crypto';

// The prefix makes a leaked secret recognizable, and `_` prevents it from being parsed as base64 of id and secret.
export const generateSecret = (): string => `kfdev_${randomBytes(24).toString('base64url')}`;

export const hashSecret = (id: string, secret: string): string =>
  createHash('sha256').update(`${id}:${secret}`).digest('hex');
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
