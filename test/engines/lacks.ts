/** What an engine cannot run, by the name of the test: shown and counted by each run, and checked to be true. */
import type { EngineName } from './driver/engine.ts'

export interface Lack {
  readonly engine: EngineName
  /** The whole name of the test. */
  readonly test: string
  readonly reason: string
}

export const LACKS: readonly Lack[] = [
  {
    engine: 'webkit',
    test: 'EG4 a tab without a network fetches nothing, and fetches again with one',
    reason: 'WebKitGTK cannot be told to be offline; tests stop the server, and navigator.onLine stays true.',
  },
  {
    engine: 'webkit',
    test: 'WI14 a call that handed over a stream cannot be repeated',
    reason:
      'WebKit hands no stream over to a worker: it is gathered in the page, and then the call can be repeated.',
  },
  {
    engine: 'webkit',
    test: 'WI37 calls that are sent again alone hand over what is theirs',
    reason:
      'WebKit hands no stream over to a worker; what is handed over there is a MessagePort of another test.',
  },
  {
    engine: 'webkit',
    test: 'BI20 a signal that is aborted while bytes come in ends the store, closes the source and leaves nothing',
    reason:
      'It waits for a chunk of a stream without end; WebKit gathers a stream whole first (test/client/gather.test.ts).',
  },
  {
    engine: 'webkit',
    test: 'HO56 what a page called when it closed under its own hook is not stored, and its hooks gate nobody any more',
    reason:
      'WebKit may keep for ever what a worker was reading when it was terminated, and refuses all others what it read (docs/engines.md).',
  },
  {
    engine: 'webkit',
    test: 'DM16 files of large values removed from the profile: each fails its own artifact, which can be deleted and stored anew',
    reason:
      'WebKit keeps every value in the one file of its database: there is no file of a value to remove.',
  },
  ...(['firefox', 'webkit'] as const).map((engine) => ({
    engine,
    test: 'EG17 a log of the browser that was cut off: what is stored afterwards is there at the second opening',
    reason: 'Keeps its databases in SQLite, which begins its log anew at a record that was cut off.',
  })),
  ...(['chromium', 'firefox'] as const).map((engine) => ({
    engine,
    test: 'DM13, DM14 the process killed that keeps the databases of WebKit: the page says that it needs a reload and keeps state writes up to a bound; the next one finds what was stored',
    reason:
      'Its databases live in the process of the browser itself, which takes the page along when it ends.',
  })),
]

export function lackOf(engine: EngineName, test: string): Lack | undefined {
  return LACKS.find((lack) => lack.engine === engine && lack.test === test)
}
