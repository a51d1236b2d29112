/** `govc/test`, on Node: a world of its own for each test, with node:test, vitest, or any other runner. */
export { universes, type Start, type Universe, type UniverseFixtures, type Universes } from '../universes/universes.js';
