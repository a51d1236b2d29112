/** The table of verbs, in the order of the help. */
import type { Verb } from '../verb.js';
import { add } from './add.js';
import { branch } from './branch.js';
import { checkout } from './checkout.js';
import { commit } from './commit.js';
import { diff } from './diff.js';
import { init } from './init.js';
import { log } from './log.js';
import { merge } from './merge.js';
import { show } from './show.js';
import { status } from './status.js';
import { tag } from './tag.js';

export const VERBS: readonly Verb[] = [init, add, commit, branch, checkout, merge, log, status, diff, show, tag];
