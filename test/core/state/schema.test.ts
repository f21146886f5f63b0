import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkSchema } from '../../../src/core/state/schema.ts'

function schemaThat(
  validate: () => StandardSchemaV1.Result<string> | Promise<StandardSchemaV1.Result<string>>,
) {
  return { '~standard': { version: 1, vendor: 'test', validate } } as const satisfies StandardSchemaV1<
    unknown,
    string
  >
}

test('SV14 gives the output of the schema, not its input', () => {
  const schema = z.object({ name: z.string().trim(), count: z.coerce.number().default(1) })
  expect(checkSchema(schema, { name: '  ada ' }, 'state "user"')).toEqual({ name: 'ada', count: 1 })
})

test('SV14 names every issue with its path', () => {
  const schema = z.object({ list: z.array(z.object({ n: z.number() })), name: z.string() })
  expect(() => checkSchema(schema, { list: [{ n: 1 }, { n: 'two' }] }, 'state "data"')).toThrow(
    expect.objectContaining({
      code: 'SCHEMA_INVALID',
      message: expect.stringMatching(
        /^The value for state "data" does not fit its schema: list\.1\.n: .+; name: .+/,
      ),
      details: {
        subject: 'state "data"',
        issues: [
          { path: 'list.1.n', message: expect.any(String) },
          { path: 'name', message: expect.any(String) },
        ],
      },
    }),
  )
})

test('SV14 an issue may name its path by segments, or not at all', () => {
  const schema = schemaThat(() => ({
    issues: [{ message: 'no', path: [{ key: 'a' }, 0] }, { message: 'never' }],
  }))
  expect(() => checkSchema(schema, 1, 'x')).toThrow('does not fit its schema: a.0: no; never')
})

test('SV15 a schema that answers by a promise is refused, and the failure it ends in goes nowhere', async () => {
  const unhandled: unknown[] = []
  const listen = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', listen)
  const failing = schemaThat(() => Promise.reject(new Error('late')))
  expect(() => checkSchema(failing, 1, 'state "x"')).toThrow(
    expect.objectContaining({ code: 'SCHEMA_ASYNC' }),
  )
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  expect(unhandled).toEqual([])
})

test('SV16 a schema that throws is refused with what it threw as the cause', () => {
  const cause = new Error('broken')
  const schema = schemaThat(() => {
    throw cause
  })
  expect(() => checkSchema(schema, 1, 'x')).toThrow(
    expect.objectContaining({ code: 'SCHEMA_INVALID', cause }),
  )
})
