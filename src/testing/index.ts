/** What tests of apps and of Holdfast itself use: fake ports, and the check of a database's laws. */
export { checkLaws } from './check-laws.ts'
export {
  type CheckRecordingsOptions,
  checkRecordings,
  type RecordingCheck,
  type RecordingText,
} from './check-recordings.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export type { CheckOptions, Violation } from './law.ts'
export { seededEntropy } from './seeded-entropy.ts'
