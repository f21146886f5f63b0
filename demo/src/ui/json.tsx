/** A value as indented JSON; bytes by their number. */
export function Json({ value }: { readonly value: unknown }) {
  return <pre class="json">{printJson(value)}</pre>
}

export function printJson(value: unknown): string {
  return (
    JSON.stringify(
      value,
      (_key, inner) => (inner instanceof Uint8Array ? `${inner.length} bytes` : inner),
      2,
    ) ?? 'nothing'
  )
}
