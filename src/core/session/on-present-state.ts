import { createError, isHoldfastError } from '../errors.ts'
import { type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { readState, type SeenState } from './open.ts'

/** How often the state is read anew when something lands on it between reading and storing. */
const MAX_ATTEMPTS = 10

/**
 * Stores something that is made of a session's state, by an operation that names what it has `seen`. What lands on the
 * session meanwhile, from whichever tab, has it made anew of what is stored by then.
 *
 * @throws SESSION_NOT_FOUND; CONFLICT when the session is written to without a pause.
 */
export async function onPresentState<T>(
  log: Log,
  id: SessionId,
  store: (state: SeenState) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const state = await readState(log, id)
    try {
      return await store(state)
    } catch (error) {
      if (!isMovedOn(error, id)) throw error
    }
  }
  throw createError(
    'CONFLICT',
    `Session ${id} was written to each time that its state had been read; send the call again.`,
    { id },
  )
}

function isMovedOn(error: unknown, id: SessionId): boolean {
  return isHoldfastError(error) && error.code === 'CONFLICT' && error.details.stream === sessionStream(id)
}
