import { signal } from '@preact/signals'

export const TABS = ['timeline', 'artifacts', 'state', 'checkpoints', 'replay'] as const
export type Tab = (typeof TABS)[number]

/** What the address says: the list alone, or one tab of one session, perhaps at one moment of it. */
export interface Route {
  readonly session?: string
  readonly tab: Tab
  /** Id of an event, for the replay. */
  readonly moment?: string
}

/** Where the person is. It follows the address, never the other way round. */
export const route = signal<Route>(parseHash(location.hash))

window.addEventListener('hashchange', () => {
  route.value = parseHash(location.hash)
})

export function hrefOf({ session, tab, moment }: Partial<Route>): string {
  if (session === undefined) return '#/'
  const path = [
    encodeURIComponent(session),
    tab ?? 'timeline',
    ...(moment === undefined ? [] : [encodeURIComponent(moment)]),
  ]
  return `#/session/${path.join('/')}`
}

export function goTo(to: Partial<Route>): void {
  location.hash = hrefOf(to)
}

/** Changes the address without a step in the browser's history, for what a person moves continuously. */
export function slideTo(to: Partial<Route>): void {
  history.replaceState(null, '', hrefOf(to))
  route.value = parseHash(location.hash)
}

function parseHash(hash: string): Route {
  const [place, session, tab, moment] = hash.replace(/^#\//, '').split('/')
  if (place !== 'session' || !session) return { tab: 'timeline' }
  return {
    session: decode(session),
    tab: TABS.find((known) => known === tab) ?? 'timeline',
    ...(moment ? { moment: decode(moment) } : {}),
  }
}

/** An address that a person broke is an unknown session, not a broken page. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
