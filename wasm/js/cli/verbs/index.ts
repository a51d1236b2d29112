/** The table of verbs, in the order of the help. */
import type { Verb } from '../verb.js';
import { add } from './add.js';
import { commit } from './commit.js';
import { init } from './init.js';
import { log } from './log.js';
import { status } from './status.js';

export const VERBS: readonly Verb[] = [init, add, commit, status, log];
