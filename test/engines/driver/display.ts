/** A screen for WebKitGTK, which has no headless mode. */
import { findProgram } from '../../../scripts/engines.mjs'
import { type OwnProcess, startProcess } from './process.ts'

export interface Display {
  /** What DISPLAY has to say. */
  readonly name: string
  readonly server: OwnProcess
}

/** Starts an Xvfb, which chooses a free number itself and writes it to the descriptor it is given. */
export async function openDisplay(): Promise<Display> {
  const server = startProcess(findProgram('xvfb'), [
    ...['-displayfd', '1'],
    ...['-screen', '0', '1280x1024x24'],
    ...['-nolisten', 'tcp'],
  ])
  const [, number] = await server.lineLike(/^(\d+)$/m)
  return { name: `:${number}`, server }
}
