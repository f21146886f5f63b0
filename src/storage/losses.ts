import type { StoredDamage } from './schema.ts'

/** Whether a damage means that a log says less than was stored in it. */
export function losesRows({ record }: StoredDamage): boolean {
  const { what } = record.damage
  return what === 'row' || what === 'gap'
}
