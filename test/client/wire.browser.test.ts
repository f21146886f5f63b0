import { expect, test } from 'vitest'
import { connectScripted } from './scripted.ts'

test('WI5 calls of one microtask travel as one batch', async () => {
  const { connection, read, sent } = await connectScripted()
  const answers = await Promise.all([read('writer'), read('writer'), read('writer')])
  expect(answers).toEqual(Array(3).fill(connection.welcome.writer))
  expect(sent.map(({ path }) => path)).toEqual([['hello'], ['batch']])
})
