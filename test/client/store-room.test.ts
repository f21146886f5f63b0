import { expect, test } from 'vitest'
import type { Connection } from '../../src/client/connection.ts'
import { createStoreInfo } from '../../src/client/store-info.ts'
import type { Room } from '../../src/core/ports.ts'
import type { WorkerMessage } from '../../src/protocol/messages.ts'

test('DM24 a page shows the room as it was told last, and its subscribers hear of it once', () => {
  const listeners: ((message: WorkerMessage) => void)[] = []
  let room: Room = 'unknown'
  const connection = {
    get room() {
      return room
    },
    listen: (listener: (message: WorkerMessage) => void) => listeners.push(listener),
    onGivenUp: () => {},
    onRespawn: () => {},
  } as Partial<Record<keyof Connection, unknown>> as Connection
  const storage = createStoreInfo(connection)
  const heard: string[] = []
  storage.subscribe((state, message) => heard.push(`${state} ${storage.room}: ${message}`))
  const told = (next: 'low' | 'enough', message: string) => {
    room = next
    for (const listener of listeners) listener({ type: 'room', room, message })
  }
  expect(storage.room).toBe('unknown')
  told('low', 'Little.')
  told('low', 'Little.')
  told('enough', 'Enough.')
  expect(heard).toEqual(['ok low: Little.', 'ok enough: Enough.'])
})
