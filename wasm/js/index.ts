/** What every entry of the package exports. */
/// <reference lib="esnext.disposable" preserve="true" />
export { GovcError, type ErrorCode } from './errors.js';
export { hashObject, type ObjectId, type ObjectKind } from './object.js';
