import { expect, test } from 'vitest'
import type { Tab } from './driver/engine.ts'
import { changeBytes, removeLargeValues } from './profile-files.ts'
import { openRig } from './rig.ts'

/** One chunk; above what Chromium and Firefox keep beside the other rows, and not in a file of its own. */
const ARTIFACT_BYTES = 1_048_576

/** Found again in the files, whatever they are compressed with. */
const MARK_BYTES = 24

const NAME = 'damaged'

/** What is stored, as base64: noise, which nothing makes smaller. */
const ARTIFACTS = [noise(ARTIFACT_BYTES, 1), noise(ARTIFACT_BYTES, 2), noise(ARTIFACT_BYTES, 3)]
const [LOST_STATE, KEPT_STATE] = [noise(30_000, 4), noise(30_000, 5)]

type Rig = Awaited<ReturnType<typeof openRig>>

/** A session with three artifacts, and two rows of large state among small ones. */
async function store(name: string, artifacts: readonly string[], texts: readonly string[]): Promise<void> {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.create({ id: 'one', name: 'one' })
  for (const [at, base64] of artifacts.entries()) {
    const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    await session.artifacts.store({ name: `artifact-${at}`, content })
  }
  for (const [at, text] of texts.entries()) {
    await session.state.set(`before-${at}`, at)
    // Of one turn: one row, which Chromium keeps in a file of its own.
    await Promise.all([
      session.state.set(`large-${at}`, text),
      session.state.set(`beside-${at}`, text.toLowerCase()),
    ])
  }
  await session.state.set('last', 1)
  await holdfast.close()
}

/** What is given back, and that work goes on: all artifacts are deleted and stored anew. */
async function look(name: string, artifacts: readonly string[]) {
  const holdfast = await window.holdfast.openHoldfast({ name })
  const session = await holdfast.sessions.open('one')
  const state = Object.fromEntries(session.state.entries())
  const outcomes: unknown[] = []
  const again: unknown[] = []
  for (const [at, base64] of artifacts.entries()) {
    const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const isSame = (bytes: Uint8Array) =>
      bytes.length === content.length && bytes.every((byte, place) => byte === content[place])
    const artifact = await session.artifacts.get({ name: `artifact-${at}` })
    if (artifact === null) throw new Error(`artifact-${at} is gone`)
    outcomes.push(
      await artifact.bytes().then(isSame, ({ code, details }) => ({
        code,
        isNamed: details.artifactId === artifact.id,
      })),
    )
    await session.artifacts.delete(artifact)
    const stored = await session.artifacts.store({ name: `artifact-${at}`, content })
    again.push(await stored.bytes().then(isSame))
  }
  await session.timeline.query({ limit: 1_000 })
  await session.state.set('after', 2)
  const damage = (await holdfast.storage.damage(session.id)).map(({ what }) => what)
  const { damaged = 0 } = session.info
  await holdfast.close()
  return { state, outcomes, again, damage, damaged, violations: await window.checkLaws(name) }
}

/** Between two lives of the browser on one profile. */
async function lookAfter(rig: Rig, spoil: (profile: string) => void) {
  await (await rig.openTab()).evaluate(store, NAME, ARTIFACTS, [LOST_STATE, KEPT_STATE])
  await rig.engine[Symbol.asyncDispose]()
  spoil(rig.profile)
  await rig.start()
  const tab: Tab = await rig.openTab()
  return tab.evaluate(look, NAME, ARTIFACTS)
}

test('DM4, DM8 bytes changed in the files of the browser: nothing else than was stored is given back, what is damaged is told, the rest works', async () => {
  await using rig = await openRig()

  const seen = await lookAfter(rig, (profile) => {
    expect(changeBytes(profile, markOf(Buffer.from(ARTIFACTS[1] ?? '', 'base64')))).toBeGreaterThan(0)
    expect(changeBytes(profile, markOf(Buffer.from(LOST_STATE)))).toBeGreaterThan(0)
  })

  const { state, damage, damaged } = seen
  expect(seen).toMatchObject({
    outcomes: [true, { code: 'CONTENT_DAMAGED', isNamed: true }, true],
    again: [true, true, true],
    violations: [],
  })
  expect(state).toMatchObject({ 'before-0': 0, 'before-1': 1, last: 1, 'large-1': KEPT_STATE })
  // A view or a snapshot that was not hit may still know it.
  expect([undefined, LOST_STATE]).toContain(state['large-0'])
  expect([undefined, LOST_STATE.toLowerCase()]).toContain(state['beside-0'])
  expect(damage).toContain('row')
  expect(damaged).toBe(damage.length)
})

test('DM16 files of large values removed from the profile: each fails its own artifact, which can be deleted and stored anew', async () => {
  await using rig = await openRig()

  const seen = await lookAfter(rig, (profile) => {
    expect(removeLargeValues(profile, ARTIFACT_BYTES)).toBe(ARTIFACTS.length)
  })

  const refused = { code: 'CONTENT_DAMAGED', isNamed: true }
  expect(seen).toMatchObject({
    outcomes: [refused, refused, refused],
    again: [true, true, true],
    state: { 'large-0': LOST_STATE, 'large-1': KEPT_STATE, last: 1 },
    damage: [],
    violations: [],
  })
})

/** Bytes in the middle of a value. */
function markOf(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.length / 2, bytes.length / 2 + MARK_BYTES)
}

function noise(length: number, seed: number): string {
  let word = seed
  const bytes = Uint8Array.from({ length }, () => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
    return word >>> 24
  })
  return Buffer.from(bytes).toString('base64')
}
