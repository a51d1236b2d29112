// The package as a project has it that installed it: its folder, and what its code is given.
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { project } from './project.mjs';

export const folder = await project({});
export const { GovcError, Repository, gitDirectory } = createRequire(join(folder, 'package.json'))('govc');
