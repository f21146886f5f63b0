import type { Artifact } from 'holdfast'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { complain } from '../app/notices.ts'
import { formatBytes } from '../ui/format.ts'
import { printJson } from '../ui/json.tsx'
import { Picture } from './picture.tsx'

/** As much of a text as is shown; the rest is for the download. */
const SHOWN_BYTES = 64 * 1024

export function TextPreview({ artifact }: { readonly artifact: Artifact }) {
  const [text, setText] = useState<string | null>(null)
  const whole = artifact.sizeBytes <= SHOWN_BYTES

  useEffect(() => {
    const reading = new AbortController()
    artifact
      .text({ end: SHOWN_BYTES, signal: reading.signal })
      .then((read) => setText(whole && artifact.mime.endsWith('json') ? indent(read) : read), complain)
    return () => reading.abort()
  }, [artifact.id])

  // Tools answer with text, whatever it says.
  const drawing = useMemo(
    () => (whole && text?.startsWith('<svg ') ? new Blob([text], { type: 'image/svg+xml' }) : null),
    [whole, text],
  )

  return (
    <div class="stack">
      {drawing && <Picture blob={drawing} alt={`What ${artifact.name} draws`} />}
      <pre class="preview">{text}</pre>
      {!whole && <p class="muted">The first {formatBytes(SHOWN_BYTES)} of it.</p>}
    </div>
  )
}

/** JSON with line breaks; what only claims to be JSON as it is. */
function indent(text: string): string {
  try {
    return printJson(JSON.parse(text))
  } catch {
    return text
  }
}
