import { openHoldfast } from '../../src/index.ts'
import type { Samples } from '../measure.ts'
import { type Result, ratiosTo } from '../result.ts'

const HOP = 'BroadcastChannel, page to page'
const SHOWN = 'holdfast, another tab shows it'
const STORED = 'holdfast, another tab has it stored'

const DATABASE = 'bench-tabs'
const CHANNEL = 'bench-tabs-hops'

/** What the other tab says: that it is there, and at the end what it saw, in milliseconds since the sender's stamp. */
type Word =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hop'; readonly at: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'samples'; readonly samples: readonly Samples[] }

/** One clock for all pages of a browser. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** A value written in one tab, until another tab's mirror shows it and until it has it stored. */
export async function tabs({ turns }: { readonly turns: number }): Promise<readonly Result[]> {
  const channel = new BroadcastChannel(CHANNEL)
  const words = heard(channel)
  const holdfast = await openHoldfast({ name: DATABASE })
  const session = await holdfast.sessions.create({ id: 'bench' })
  open(`${location.pathname}#tab`, '_blank', 'noopener')
  await words.next('ready')
  for (let turn = 0; turn < turns; turn += 1) {
    channel.postMessage({ kind: 'hop', at: now() } satisfies Word)
    await pause()
    await session.state.set('stamp', now())
    await pause()
  }
  channel.postMessage({ kind: 'end' } satisfies Word)
  const { samples } = await words.next('samples')
  await holdfast.close()
  return [
    ratiosTo('a value written alone, until another tab has it', HOP, samples, {
      musts: [
        { row: SHOWN, atMost: 2 },
        { row: STORED, atMost: 4 },
      ],
    }),
  ]
}

/** The other tab: notes when what comes. */
export async function beTab(): Promise<void> {
  const channel = new BroadcastChannel(CHANNEL)
  const words = heard(channel)
  const samples = [HOP, SHOWN, STORED].map((name): Samples => ({ name, ms: [] }))
  const [hops, shown, stored] = samples
  channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (data.kind === 'hop') hops?.ms.push(now() - data.at)
  })
  const holdfast = await openHoldfast({ name: DATABASE })
  const session = await holdfast.sessions.open('bench')
  session.state.subscribe(({ value }) => shown?.ms.push(now() - Number(value)), 'stamp')
  void (async () => {
    for await (const { data } of session.timeline.watch({ types: ['state.changed'] })) {
      const { changes } = data as { readonly changes: readonly { readonly value?: unknown }[] }
      stored?.ms.push(now() - Number(changes[0]?.value))
    }
  })()
  await pause()
  channel.postMessage({ kind: 'ready' } satisfies Word)
  await words.next('end')
  await pause()
  await holdfast.close()
  channel.postMessage({ kind: 'samples', samples } satisfies Word)
}

/** So that no turn falls into what the one before it left to do. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

function heard(channel: BroadcastChannel) {
  return {
    next: <Kind extends Word['kind']>(kind: Kind) =>
      new Promise<Extract<Word, { kind: Kind }>>((resolve) => {
        channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
          if (data.kind === kind) resolve(data as Extract<Word, { kind: Kind }>)
        })
      }),
  }
}
