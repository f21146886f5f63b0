/**
 * Imported before Comlink, which tells the other end of a proxy that it was collected. When that is the host alone
 * decides, in whichever run's turn it likes; and it would keep every machine that ever ran.
 */
const { FinalizationRegistry: finalizers } = globalThis
Reflect.deleteProperty(globalThis, 'FinalizationRegistry')

/** Once Comlink is there: the host loads parts of its own when they are asked for, which need it. */
export function giveFinalizersBack(): void {
  Object.defineProperty(globalThis, 'FinalizationRegistry', {
    configurable: true,
    writable: true,
    value: finalizers,
  })
}
