import { releaseLocks } from './lanes.ts';

releaseLocks();
