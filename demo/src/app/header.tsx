import { offline, online, takeNewer } from './offline.ts'
import { hrefOf } from './route.ts'

/** Id of the part of the page that shows the session. */
export const SESSION_PLACE = 'session'

export function Header() {
  const { newer } = offline.value
  return (
    <header class="bar">
      <button
        type="button"
        class="skip button"
        onClick={() => document.getElementById(SESSION_PLACE)?.focus()}
      >
        Skip to the session
      </button>
      <a class="brand" href={hrefOf({})}>
        <img src="./icon.svg" width="24" height="24" alt="" />
        Holdfast
      </a>
      <span class="row end">
        {newer && (
          <button type="button" class="button" onClick={() => takeNewer(newer)}>
            Load the new version
          </button>
        )}
        <OfflineBadge />
      </span>
    </header>
  )
}

function OfflineBadge() {
  const text = statusText()
  return (
    <span role="status">
      {/* A new word is a new badge, so that nothing moves. */}
      <span
        key={text}
        class={`badge ${online.value ? '' : 'warn'}`}
        data-offline={offline.value.ready ? 'ready' : 'loading'}
      >
        {text}
      </span>
    </span>
  )
}

function statusText(): string {
  if (!online.value) return 'No network'
  return offline.value.ready ? 'Works offline' : 'Online'
}
