import type { HeadKey, Operation } from '../commit.ts'
import { createError, isHoldfastError } from '../errors.ts'
import {
  type CorrelationId,
  type EventId,
  type RequestId,
  type SessionId,
  STORE_STREAM,
  sessionOfStream,
  sessionStream,
} from '../ids.ts'
import type { Journal } from '../ports.ts'
import { type SessionHead, sessionHeadKey } from '../session/head.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { makeEvent } from '../timeline/make-event.ts'
import type { Damage, DamageRow, FoundDamage } from './damage.ts'

/**
 * Records a damage once, whichever tab finds it: beside its row an event tells of it, in the session that it belongs
 * to, or in the store's own stream. Then the damaged row is set aside, where it harms nobody and is kept.
 */
export async function recordDamage(
  {
    journal,
    clock,
    now,
  }: { readonly journal: Journal; readonly clock: HybridClock; readonly now: () => number },
  found: FoundDamage,
): Promise<void> {
  const { place, ...rest } = found
  const session = sessionOfStream(found.stream)
  const damage: Damage = { ...rest, ...(session === undefined ? {} : { session }), foundAt: now() }
  const heads = session === undefined ? [] : [sessionHeadKey(session)]
  try {
    await journal.commit(
      operationOf(clock, { damage, ...(place === undefined ? {} : { place }) }, session, heads),
    )
  } catch (error) {
    // Another tab was first; its row may still be there, if that tab died right after.
    if (!isKnown(error)) throw error
  }
  if (place !== undefined) await journal.setAside(found.id)
}

function operationOf(
  clock: HybridClock,
  row: DamageRow,
  session: SessionId | undefined,
  heads: readonly HeadKey[],
): Operation<null> {
  const { damage } = row
  return {
    requestId: clock.nextId<RequestId>(),
    mayRepeat: false,
    durability: 'strict',
    heads,
    decide: (read) => {
      // A session that was deleted meanwhile, or whose head is lost as well, is told of by the store.
      const head = session === undefined ? undefined : read.get(sessionHeadKey(session))
      const isThere = session !== undefined && head !== undefined
      const correlationId = correlationIn(head) ?? clock.nextId<CorrelationId>()
      const type = isThere ? 'session.damaged' : 'storage.damaged'
      const event = makeEvent(clock.nextId<EventId>(), type, damage, { correlationId })
      const stream = isThere ? sessionStream(session) : STORE_STREAM
      return {
        result: null,
        resultId: event.id,
        writes: [{ stream, events: [event], ...(isThere && { index: true }) }],
        rows: [
          {
            table: 'quarantine',
            key: damage.id,
            change(present) {
              if (present !== undefined) throw known(damage)
              return row
            },
          },
        ],
      }
    },
  }
}

/** Of a head that may be damaged itself. */
function correlationIn(head: unknown): CorrelationId | undefined {
  const id = (head as Partial<SessionHead> | undefined)?.correlationId
  return typeof id === 'string' ? id : undefined
}

function known({ id }: Damage) {
  return createError('CONFLICT', `Damage ${id} is recorded already.`, { damage: id })
}

function isKnown(error: unknown): boolean {
  return isHoldfastError(error) && error.details.damage !== undefined
}
