import type { WriteState } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'

const COLOUR: Readonly<Record<WriteState, string>> = { provisional: 'warn', stored: '', durable: 'good' }

const MEANING: Readonly<Record<WriteState, string>> = {
  provisional: 'What this tab wrote to the session is on its way.',
  stored: 'What this tab wrote to the session survives the end of the tab and of the browser.',
  durable: 'What this tab wrote to the session survives a power cut too.',
}

/** How what this tab wrote to the session stands. As wide in each state, so that nothing moves. */
export function WritesBadge({ writes }: Pick<DemoSession, 'writes'>) {
  const [state, setState] = useState(writes.state)

  useEffect(() => {
    setState(writes.state)
    return writes.subscribe(setState)
  }, [writes])

  return (
    <span class={`badge steady ${COLOUR[state]}`} title={MEANING[state]} data-writes={state}>
      {state}
    </span>
  )
}
