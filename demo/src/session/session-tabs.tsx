import { hrefOf, TABS, type Tab } from '../app/route.ts'

const NAMES: Readonly<Record<Tab, string>> = {
  timeline: 'Timeline',
  artifacts: 'Artifacts',
  state: 'State',
  checkpoints: 'Checkpoints',
  replay: 'Replay',
}

export function SessionTabs({ session, tab }: { readonly session: string; readonly tab: Tab }) {
  return (
    <nav class="tabs" aria-label="Parts of the session">
      {TABS.map((name) => (
        <a key={name} href={hrefOf({ session, tab: name })} aria-current={name === tab ? 'page' : undefined}>
          {NAMES[name]}
        </a>
      ))}
    </nav>
  )
}
