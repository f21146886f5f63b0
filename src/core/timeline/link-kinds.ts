import type { LinkKind } from './event-details.ts'

export const LINK_KINDS = [
  'causedBy',
  'partOf',
  'relatedTo',
  'responseTo',
  'followsFrom',
] as const satisfies readonly LinkKind[]

export function isLinkKind(name: unknown): name is LinkKind {
  return (LINK_KINDS as readonly unknown[]).includes(name)
}
