/** Loaded together, see late-damage.ts. */
export { recordDamage } from './record-damage.ts'
export { repairIndexes, repairStream } from './repair.ts'
