import { expect, test } from 'vitest'
import { gather } from '../../src/client/gather.ts'

interface Source {
  readonly stream: ReadableStream<Uint8Array>
  /** Why it was closed before its end. */
  readonly closed: Promise<unknown>
}

/** Three bytes, and then what `then` does; without it, nothing comes any more. */
function sourceOf(then: (controller: ReadableStreamDefaultController) => void = () => {}): Source {
  let close = (_reason: unknown) => {}
  const closed = new Promise((resolve) => {
    close = resolve
  })
  let pulls = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1
        if (pulls === 1) controller.enqueue(new Uint8Array([1, 2, 3]))
        else then(controller)
        return pulls > 1 ? new Promise(() => {}) : undefined
      },
      cancel: (reason) => close(reason),
    },
    { highWaterMark: 0 },
  )
  return { stream, closed }
}

test('BI18 a stream that cannot be handed over is gathered whole; one that fails or gives no bytes is INVALID_VALUE', async () => {
  const whole = await gather(sourceOf((controller) => controller.close()).stream, {})
  const failing = sourceOf((controller) => controller.error(new RangeError('the disk is gone')))
  const odd = sourceOf((controller) => controller.enqueue('text'))

  expect([...new Uint8Array(await whole.arrayBuffer())]).toEqual([1, 2, 3])
  await expect(gather(failing.stream, {})).rejects.toMatchObject({
    code: 'INVALID_VALUE',
    cause: { message: 'the disk is gone' },
  })
  await expect(gather(odd.stream, {})).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  await odd.closed
})

test('OR30 a stream that says to be too large, or is, is not gathered further than that, and closed', async () => {
  const [said, grown] = [sourceOf(), sourceOf()]
  const tooLarge = { code: 'VALUE_TOO_LARGE', details: { path: 'content', limitBytes: 2 } }

  await expect(gather(said.stream, { sizeBytes: 3, maxBytes: 2 })).rejects.toMatchObject(tooLarge)
  await expect(gather(grown.stream, { maxBytes: 2 })).rejects.toMatchObject(tooLarge)

  await Promise.all([said.closed, grown.closed])
})

test('BI20 a signal ends the gathering and closes the source, before it and in the middle', async () => {
  const controller = new AbortController()
  const [first, second] = [sourceOf(), sourceOf()]
  const reason = new Error('never mind')
  const gathering = gather(first.stream, { signal: controller.signal })

  controller.abort(reason)

  await expect(gathering).rejects.toMatchObject({ code: 'ABORTED', cause: reason })
  await expect(gather(second.stream, { signal: controller.signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
  expect([await first.closed, await second.closed]).toEqual([reason, reason])
})

test('BI21 the deadline ends the gathering and closes the source', async () => {
  const source = sourceOf()

  const gathering = gather(source.stream, { deadlineMs: 5 })

  await expect(gathering).rejects.toMatchObject({ code: 'DEADLINE', details: { deadlineMs: 5 } })
  expect(await source.closed).toMatchObject({ code: 'DEADLINE' })
})
