/**
 * Freezes what hooks get, in depth: a hook that changes its payload in place would change it for the hooks before it,
 * whose answers would then belong to another input. Byte arrays stay open, which nothing can freeze.
 */
export function freezePayload<Payload>(payload: Payload): Payload {
  freeze(payload)
  return payload
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return
  Object.freeze(value)
  for (const item of Object.values(value)) freeze(item)
}
