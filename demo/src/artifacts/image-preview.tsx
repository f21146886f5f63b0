import type { Artifact } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import { complain } from '../app/notices.ts'
import { Picture } from './picture.tsx'

export function ImagePreview({ artifact }: { readonly artifact: Artifact }) {
  const [blob, setBlob] = useState<Blob | null>(null)

  useEffect(() => {
    const reading = new AbortController()
    artifact.blob({ signal: reading.signal }).then(setBlob, complain)
    return () => reading.abort()
  }, [artifact.id])

  return blob && <Picture blob={blob} alt={`What ${artifact.name} shows`} />
}
