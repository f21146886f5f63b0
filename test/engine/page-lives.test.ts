import { expect, test } from 'vitest'
import { createPageLives, LONG_HIDDEN_MS } from '../../src/engine/page-lives.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function rig() {
  const wall = fakeClock()
  const heard: string[] = []
  const errors: unknown[] = []
  const lives = createPageLives({
    wall,
    steward: {
      leave: () => heard.push('leave'),
      queue: () => heard.push('queue'),
      yieldTurn: () => heard.push('yield'),
      check: async () => void heard.push('check'),
    },
    peers: { leave: () => heard.push('leave peers'), join: () => heard.push('join peers') },
    catchUp: async () => {
      heard.push('catch up')
      throw new Error('cannot be read')
    },
    onError: (error) => errors.push(error),
  })
  return { wall, heard, errors, lives }
}

test('SW6 the stewardship is given up when all pages are frozen, and waited for when one is there again', async () => {
  const { lives, heard, errors } = rig()
  for (const page of ['a', 'b']) lives.joined(page)
  lives.set('a', 'frozen')
  expect(heard).toEqual([])
  lives.set('b', 'frozen')
  expect(heard).toEqual(['leave', 'leave peers'])
  lives.set('b', 'shown')
  await expect.poll(() => errors).toMatchObject([{ message: 'cannot be read' }])
  expect(heard.slice(2)).toEqual(['join peers', 'queue', 'catch up', 'check'])
})

test('SW6 a worker whose pages were all hidden for five minutes yields its turn once', () => {
  const { lives, heard, wall } = rig()
  for (const page of ['a', 'b']) lives.joined(page)
  lives.set('a', 'hidden')
  wall.advance(LONG_HIDDEN_MS)
  lives.left('b')
  lives.set('a', 'hidden')
  wall.advance(LONG_HIDDEN_MS - 1)
  expect(heard).toEqual([])
  wall.advance(1)
  wall.advance(LONG_HIDDEN_MS)
  lives.set('a', 'hidden')
  wall.advance(LONG_HIDDEN_MS)
  expect(heard).toEqual(['yield'])
})

test('SW6 a page that is shown in time keeps its turn', () => {
  const { lives, heard, wall } = rig()
  lives.joined('a')
  lives.set('a', 'hidden')
  wall.advance(LONG_HIDDEN_MS - 1)
  lives.set('a', 'shown')
  wall.advance(LONG_HIDDEN_MS)
  expect(heard).not.toContain('yield')
})
