/** Loaded together, see late-limits.ts. */
export { commitCounted } from './counted-commit.ts'
export { notOver, readSessionTime } from './session-time.ts'
