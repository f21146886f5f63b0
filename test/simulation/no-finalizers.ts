/**
 * Imported before Comlink is: it tells the other end of a proxy that was collected, and when that is the host alone
 * decides, in whichever run's turn it likes. It would also keep every machine that ever ran.
 */
Reflect.deleteProperty(globalThis, 'FinalizationRegistry')
