import type { Artifact } from 'holdfast'
import { ImagePreview } from './image-preview.tsx'
import { TextPreview } from './text-preview.tsx'

/** What is in an artifact, where a page can show it. Nothing in it is ever run. */
export function Preview({ artifact }: { readonly artifact: Artifact }) {
  if (artifact.sizeBytes === 0) return <p class="muted">It is empty.</p>
  if (artifact.mime.startsWith('image/')) return <ImagePreview artifact={artifact} />
  if (isText(artifact.mime)) return <TextPreview artifact={artifact} />
  return <p class="muted">There is no preview for {artifact.mime}; download it instead.</p>
}

function isText(mime: string): boolean {
  return mime.startsWith('text/') || /[/+](json|xml|yaml|javascript|x-ndjson|jsonl)$/.test(mime)
}
