// What tests of failures share.
import assert from 'node:assert/strict';

import { GovcError } from 'govc';

/** The code of what an action throws; undefined where it throws nothing. */
export function codeOf(action) {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof GovcError, String(error));
    return error.code;
  }
  return undefined;
}
