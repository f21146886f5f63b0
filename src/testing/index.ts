/** What tests of apps and of Holdfast itself use: fake ports, and the check of a database's laws. */
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { seededEntropy } from './seeded-entropy.ts'
