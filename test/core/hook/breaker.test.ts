import { describe, expect, test } from 'vitest'
import { type BreakerOptions, type CallResult, createBreaker } from '../../../src/core/hook/breaker.ts'
import { createFakeWall, errorOf } from './harness.ts'

function setUp(options: BreakerOptions = {}) {
  const wall = createFakeWall()
  const breaker = createBreaker(() => wall.now(), options)
  function call(result: CallResult): boolean {
    const pass = breaker.enter()
    if (pass !== undefined) breaker.settle(pass, result)
    return pass !== undefined
  }
  return { wall, breaker, call }
}

describe('opening', () => {
  test('BR1 the third failure within 30 s opens it', () => {
    const { breaker, call } = setUp()
    call('failure')
    call('failure')
    expect(breaker.state).toBe('closed')
    call('failure')
    expect(breaker.state).toBe('open')
  })

  test('BR1 failureThreshold says how many failures it takes', () => {
    const { breaker, call } = setUp({ failureThreshold: 2 })
    call('failure')
    expect(breaker.state).toBe('closed')
    call('failure')
    expect(breaker.state).toBe('open')
  })

  test('BR1 successes in between do not undo failures within the window', () => {
    const { breaker, call } = setUp()
    for (const result of ['failure', 'success', 'failure', 'success', 'failure'] as const) call(result)
    expect(breaker.state).toBe('open')
  })

  test('BR2 a failure counts no more when the window has passed', () => {
    const { wall, breaker, call } = setUp()
    call('failure')
    call('failure')
    wall.advance(30_000)
    call('failure')
    call('failure')
    expect(breaker.state).toBe('closed')
    call('failure')
    expect(breaker.state).toBe('open')
  })

  test('BR2 windowMs says how long a failure counts', () => {
    const { wall, breaker, call } = setUp({ windowMs: 100 })
    call('failure')
    call('failure')
    wall.advance(99)
    call('failure')
    expect(breaker.state).toBe('open')
  })

  test('BR2 with windowMs passed the same failures leave it closed', () => {
    const { wall, breaker, call } = setUp({ windowMs: 100 })
    call('failure')
    call('failure')
    wall.advance(100)
    call('failure')
    expect(breaker.state).toBe('closed')
  })

  test('BR2 a call that was given up is no failure', () => {
    const { breaker, call } = setUp()
    for (let at = 0; at < 10; at++) call('void')
    expect(breaker.state).toBe('closed')
  })
})

describe('open', () => {
  function opened(options: BreakerOptions = {}) {
    const parts = setUp({ failureThreshold: 1, ...options })
    parts.call('failure')
    return parts
  }

  test('BR3 it lets nobody pass for 15 s, then one probe and nobody beside it', () => {
    const { wall, breaker } = opened()
    wall.advance(14_999)
    expect(breaker.enter()).toBeUndefined()
    expect(breaker.state).toBe('open')
    wall.advance(1)
    expect(breaker.state).toBe('half-open')
    expect(breaker.enter()).toBeDefined()
    expect(breaker.state).toBe('half-open')
    expect(breaker.enter()).toBeUndefined()
    expect(breaker.enter()).toBeUndefined()
  })

  test('BR3 openMs says how long it stays open', () => {
    const { wall, breaker } = opened({ openMs: 100 })
    wall.advance(99)
    expect(breaker.enter()).toBeUndefined()
    wall.advance(1)
    expect(breaker.enter()).toBeDefined()
  })

  test('BR4 a probe that succeeds closes it, and failures are counted from nothing', () => {
    const { wall, breaker, call } = setUp({ failureThreshold: 2 })
    call('failure')
    call('failure')
    wall.advance(15_000)
    expect(call('success')).toBe(true)
    expect(breaker.state).toBe('closed')
    call('failure')
    expect(breaker.state).toBe('closed')
    call('failure')
    expect(breaker.state).toBe('open')
  })

  test('BR5 each probe that fails doubles the wait, up to maxOpenMs', () => {
    const { wall, breaker, call } = opened({ openMs: 100, maxOpenMs: 350 })
    const waits: number[] = []
    for (let probe = 0; probe < 5; probe++) {
      let waited = 0
      while (breaker.state === 'open') {
        wall.advance(10)
        waited += 10
      }
      waits.push(waited)
      call('failure')
    }
    expect(waits).toEqual([100, 200, 350, 350, 350])
  })

  test('BR5 the wait ends at 240 s unless told otherwise', () => {
    const { wall, breaker, call } = opened()
    for (let probe = 0; probe < 6; probe++) {
      wall.advance(240_000)
      expect(call('failure')).toBe(true)
    }
    wall.advance(239_999)
    expect(breaker.state).toBe('open')
    wall.advance(1)
    expect(breaker.state).toBe('half-open')
  })

  test('BR5 after a success the first wait is short again', () => {
    const { wall, breaker, call } = opened({ openMs: 100 })
    wall.advance(100)
    call('failure')
    wall.advance(200)
    call('success')
    call('failure')
    wall.advance(100)
    expect(breaker.state).toBe('half-open')
  })

  test('BR6 a probe that was given up lets the next call probe at once', () => {
    const { wall, breaker, call } = opened({ openMs: 100 })
    wall.advance(100)
    expect(call('void')).toBe(true)
    expect(breaker.state).toBe('half-open')
    expect(call('success')).toBe(true)
    expect(breaker.state).toBe('closed')
  })
})

describe('calls that outlive a change', () => {
  test('BR7 a success from before it opened does not close it', () => {
    const { wall, breaker, call } = setUp({ failureThreshold: 1 })
    const early = breaker.enter() ?? 0
    call('failure')
    breaker.settle(early, 'success')
    expect(breaker.state).toBe('open')
    wall.advance(15_000)
    const probe = breaker.enter()
    expect(probe).toBeDefined()
    breaker.settle(early, 'success')
    expect(breaker.state).toBe('half-open')
  })

  test('BR7 a failure from before it opened does not prolong the wait', () => {
    const { wall, breaker, call } = setUp({ failureThreshold: 1, openMs: 100 })
    const early = breaker.enter() ?? 0
    call('failure')
    wall.advance(99)
    breaker.settle(early, 'failure')
    wall.advance(1)
    expect(breaker.state).toBe('half-open')
  })

  test('BR8 a clock set back prolongs the wait by its length at most', () => {
    const { wall, breaker } = (() => {
      const parts = setUp({ failureThreshold: 1, openMs: 100 })
      parts.call('failure')
      return parts
    })()
    wall.advance(-1_000_000)
    expect(breaker.state).toBe('open')
    wall.advance(100)
    expect(breaker.state).toBe('half-open')
  })
})

describe('slow answers', () => {
  test('BR13 the fifth within the window opens it, and failures are counted beside them', () => {
    const { breaker, call } = setUp()
    for (let i = 0; i < 4; i += 1) call('slow')
    call('failure')
    expect(breaker).toMatchObject({ state: 'closed', failures: 1, slow: 4 })
    call('slow')
    expect(breaker).toMatchObject({ state: 'open', failures: 0, slow: 0 })
  })

  test('BR13 slowThreshold says how many it takes, windowMs how long one counts', () => {
    const { wall, breaker, call } = setUp({ slowThreshold: 2, windowMs: 100 })
    call('slow')
    wall.advance(100)
    call('slow')
    expect(breaker.state).toBe('closed')
    wall.advance(99)
    call('slow')
    expect(breaker.state).toBe('open')
  })

  test('BR13 a probe that is slow doubles the wait', () => {
    const { wall, breaker, call } = setUp({ slowThreshold: 1, openMs: 100 })
    call('slow')
    expect(breaker.probeAt).toBe(wall.now() + 100)
    wall.advance(100)
    expect(call('slow')).toBe(true)
    expect(breaker.probeAt).toBe(wall.now() + 200)
    wall.advance(199)
    expect(call('success')).toBe(false)
    wall.advance(1)
    expect(call('success')).toBe(true)
    expect(breaker).toMatchObject({ state: 'closed', probeAt: undefined })
  })
})

describe('reset', () => {
  test('BR15 closes it, forgets what was counted and makes the first wait short again', () => {
    const { wall, breaker, call } = setUp({ failureThreshold: 2, openMs: 100 })
    call('failure')
    breaker.reset()
    call('failure')
    expect(breaker.state).toBe('closed')
    call('failure')
    wall.advance(100)
    call('failure')
    breaker.reset()
    expect(breaker.state).toBe('closed')
    call('failure')
    call('failure')
    wall.advance(100)
    expect(breaker.state).toBe('half-open')
  })

  test('BR15 a call from before it decides nothing', () => {
    const { breaker } = setUp({ failureThreshold: 1 })
    const pass = breaker.enter()
    breaker.reset()
    if (pass !== undefined) breaker.settle(pass, 'failure')
    expect(breaker.state).toBe('closed')
  })
})

describe('options', () => {
  test.each(['failureThreshold', 'slowThreshold', 'windowMs', 'openMs', 'maxOpenMs'])(
    'BR9 %s must be a number above 0',
    async (name) => {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = await errorOf(() => setUp({ [name]: value }))
        expect(error.code).toBe('INVALID_ARGUMENT')
        expect(error.details).toEqual({ path: `breaker.${name}` })
      }
    },
  )
})
