import { createPackagedHost } from '../src/engine/packaged-host.ts'
import { openGate } from './gate.ts'

/** Serves the page that spawned the packaged worker. */
export function servePackaged(): void {
  openGate(createPackagedHost())
}
