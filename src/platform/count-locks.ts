/** How many locks whose names begin so are held in this origin; null where the browser does not say. */
export async function countLocks(prefix: string): Promise<number | null> {
  const manager: LockManager | undefined = globalThis.navigator?.locks
  if (manager === undefined) return null
  const { held = [] } = await manager.query()
  return held.filter(({ name }) => name?.startsWith(prefix)).length
}
