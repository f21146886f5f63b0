/** How far this worker had written to documents that left memory: what is read again may lack a row of its own. */
import type { StreamId } from '../core/ids.ts'
import type { ManagedDocument } from './managed-document.ts'

export class LeftDocuments {
  readonly #left = new Map<StreamId, Pick<ManagedDocument, 'client' | 'generation' | 'nextClock'>>()

  note(stream: StreamId, { client, generation, nextClock }: ManagedDocument): void {
    if (nextClock > 0) this.#left.set(stream, { client, generation, nextClock })
  }

  /**
   * Forgets it, and says whether rows were lost since: other tabs may have what these wrote under its ids, so that nothing
   * else may be written under them.
   */
  take(stream: StreamId, { client, generation, nextClock }: ManagedDocument): boolean {
    const left = this.#left.get(stream)
    this.#left.delete(stream)
    return left?.client === client && left.generation === generation && left.nextClock > nextClock
  }

  forget(stream: StreamId): void {
    this.#left.delete(stream)
  }
}
