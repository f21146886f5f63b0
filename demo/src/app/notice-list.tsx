import { dismiss, notices } from './notices.ts'

/** Messages in a corner, read out as they come. */
export function NoticeList() {
  return (
    <div class="notices" role="log" aria-live="polite" aria-label="Messages">
      {notices.value.map(({ id, kind, text, code }) => (
        <div key={id} class={`notice ${kind}`}>
          <div>
            <p>{text}</p>
            {code && <code class="muted">{code}</code>}
          </div>
          <button
            type="button"
            class="button plain"
            onClick={() => dismiss(id)}
            aria-label={`Dismiss: ${text}`}
          >
            Dismiss
          </button>
        </div>
      ))}
    </div>
  )
}
