/** Validators and policies: one mechanism, for `validate()`, for `new Repository({ validators })` and for hooks. */
export { problemsOf as runValidators } from '../validate.js';
export { conflictMarkers } from './markers.js';
export { paths, policy, type PathRules, type PolicyFile, type PolicyFinding, type PolicySeverity } from './policy.js';
export { jsonSchema, type AjvError, type AjvLike, type AjvValidate, type Schema } from './schema.js';
export { syntax } from './syntax.js';
