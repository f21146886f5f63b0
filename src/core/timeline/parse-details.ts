import { type EventId, isMadeId } from '../ids.ts'
import { invalid, parseLine, parseTags } from '../session/fields.ts'
import type { EventDetails, EventLinks } from './event-details.ts'
import { isLinkKind, LINK_KINDS } from './link-kinds.ts'

/** Of all kinds together. */
export const MAX_LINKS = 64

/** @throws INVALID_ARGUMENT with the path of what is wrong */
export function parseDetails({
  links,
  tags,
  target,
}: Readonly<Partial<Record<keyof EventDetails, unknown>>>): EventDetails {
  return {
    ...(links === undefined ? {} : parseLinks(links)),
    ...(tags === undefined ? {} : parsed('tags', parseTags(tags))),
    ...(target === undefined ? {} : { target: parseLine('target', target) }),
  }
}

function parsed<Name extends string, Item>(name: Name, list: readonly Item[]) {
  return list.length === 0 ? {} : ({ [name]: list } as { readonly [name in Name]: readonly Item[] })
}

function parseLinks(given: unknown): { readonly links?: EventLinks } {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('links', 'is no object of kinds and ids')
  const links = Object.entries(given).flatMap(([kind, ids]) => {
    if (!isLinkKind(kind))
      throw invalid(`links.${kind}`, `is no kind of link: there are ${LINK_KINDS.join(', ')}`)
    const found = parseIds(`links.${kind}`, ids)
    return found.length === 0 ? [] : [[kind, found] as const]
  })
  const count = links.reduce((sum, [, ids]) => sum + ids.length, 0)
  if (count > MAX_LINKS) throw invalid('links', `has ${count} ids where ${MAX_LINKS} are the limit`)
  return links.length === 0 ? {} : { links: Object.fromEntries(links) }
}

function parseIds(path: string, given: unknown): readonly EventId[] {
  if (!Array.isArray(given)) throw invalid(path, 'is no list of ids')
  for (const id of given) {
    if (typeof id !== 'string' || !isMadeId(id))
      throw invalid(path, `holds ${String(id)}, which is no event's id`)
  }
  return [...new Set(given)]
}
