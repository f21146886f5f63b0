import type { Artifact } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import { complain } from '../app/notices.ts'

export function ImagePreview({ artifact }: { readonly artifact: Artifact }) {
  const [url, setUrl] = useState<string | null>(null)

  useEffect(() => {
    const reading = new AbortController()
    let address = ''
    artifact.blob({ signal: reading.signal }).then((blob) => {
      address = URL.createObjectURL(blob)
      setUrl(address)
    }, complain)
    return () => {
      reading.abort()
      URL.revokeObjectURL(address)
    }
  }, [artifact.id])

  return <div class="preview">{url !== null && <img src={url} alt={`What ${artifact.name} shows`} />}</div>
}
