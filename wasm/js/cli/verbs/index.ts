/** The table of verbs, in the order of the help. */
import type { Verb } from '../verb.js';
import { add } from './add.js';
import { at } from './at.js';
import { branch } from './branch.js';
import { checkout } from './checkout.js';
import { ci } from './ci.js';
import { commit } from './commit.js';
import { diff } from './diff.js';
import { hook } from './hook.js';
import { init } from './init.js';
import { log } from './log.js';
import { merge } from './merge.js';
import { serve } from './serve.js';
import { show } from './show.js';
import { status } from './status.js';
import { tag } from './tag.js';
import { undo } from './undo.js';
import { watch } from './watch.js';

export const VERBS: readonly Verb[] = [init, add, commit, branch, checkout, merge, log, status, diff, show, tag, undo, at, watch, serve, hook, ci];
