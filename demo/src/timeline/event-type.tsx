const COLOURS: readonly (readonly [test: RegExp, colour: string])[] = [
  [/\.(failed|interrupted|blocked)$/, 'bad'],
  [/^(step|run)\.completed$/, 'good'],
  [/^artifact\./, 'accent'],
  [/^state\.|^document\./, 'warn'],
]

export function EventType({ type }: { readonly type: string }) {
  const colour = COLOURS.find(([test]) => test.test(type))?.[1] ?? ''
  return <span class={`badge mono ${colour}`}>{type}</span>
}
