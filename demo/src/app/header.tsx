import { offline, online, takeNewer } from './offline.ts'
import { hrefOf } from './route.ts'

export function Header() {
  const { newer } = offline.value
  return (
    <header class="bar">
      <a class="skip button" href="#main">
        Skip to the session
      </a>
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
        <span
          class={`badge ${online.value ? '' : 'warn'}`}
          role="status"
          data-offline={offline.value.ready ? 'ready' : 'loading'}
        >
          {statusText()}
        </span>
      </span>
    </header>
  )
}

function statusText(): string {
  if (!online.value) return 'No network'
  return offline.value.ready ? 'Works offline' : 'Online'
}
