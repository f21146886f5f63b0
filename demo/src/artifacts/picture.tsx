import { useEffect, useState } from 'preact/hooks'

interface Props {
  readonly blob: Blob
  /** What it shows, for those who do not see it. */
  readonly alt: string
}

/** A picture from bytes. A picture cannot run anything, not even an SVG with a script in it. */
export function Picture({ blob, alt }: Props) {
  const [url, setUrl] = useState<string | null>(null)

  useEffect(() => {
    const address = URL.createObjectURL(blob)
    setUrl(address)
    return () => URL.revokeObjectURL(address)
  }, [blob])

  return <div class="preview">{url !== null && <img src={url} alt={alt} />}</div>
}
