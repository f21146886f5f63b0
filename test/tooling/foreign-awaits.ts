/**
 * Finds what code of the storage waits for inside a transaction other than the transaction's own requests: a browser
 * commits a transaction as soon as nothing is asked of it, so that whatever is asked after such a wait fails.
 */
import { type ESTree, parseSync } from 'vite'

export interface Source {
  readonly file: string
  readonly text: string
}

export interface Await {
  readonly file: string
  /** What is awaited, as it stands in the source. */
  readonly what: string
}

type Node = ESTree.Node

/** Parameters of these types, and those called `transaction`, say that a function works inside a transaction. */
const WITHIN = new Set([
  'IDBTransaction',
  'IDBObjectStore',
  'IDBIndex',
  'TailReader',
  'Reading',
  'LogReading',
])

/** Give results of requests: idb's `wrap`, what reads a range or a page, and the methods of the readers. */
const OWN = new Set([
  'resultOf',
  'readRange',
  'readReadable',
  'readSoundCommits',
  'readSoundSegments',
  'readPage',
  'survivable',
  'readOne',
  'after',
  'withPacked',
  'run',
])

export function foreignAwaits(sources: readonly Source[]): readonly Await[] {
  const programs = sources.map(({ file, text }) => ({ file, text, program: parseSync(file, text).program }))
  const own = new Set([...OWN, ...programs.flatMap(({ program }) => namesOfInner(program))])
  return programs.flatMap(({ file, text, program }) =>
    awaitsWithin(program, false)
      .filter((awaited) => !callsOf(awaited).some((call) => own.has(call) || call === HANDS_ON))
      .map(({ start, end }) => ({ file, what: text.slice(start, end).replace(/\s+/g, ' ') })),
  )
}

/** Names of the functions that work inside a transaction. */
function namesOfInner(node: Node): readonly string[] {
  const own = node.type === 'FunctionDeclaration' && isInner(node) && node.id !== null ? [node.id.name] : []
  return [...own, ...childrenOf(node).flatMap(namesOfInner)]
}

function awaitsWithin(node: Node, within: boolean): readonly Node[] {
  const isWithin = within || isInner(node)
  const own = isWithin && node.type === 'AwaitExpression' ? [node.argument] : []
  return [...own, ...childrenOf(node).flatMap((child) => awaitsWithin(child, isWithin))]
}

function isInner(node: Node): boolean {
  if (!('params' in node) || !Array.isArray(node.params)) return false
  return node.params.some((param) => isTransaction(param) || typesIn(param).some((name) => WITHIN.has(name)))
}

function typesIn(node: Node): readonly string[] {
  const own =
    node.type === 'TSTypeReference' && node.typeName.type === 'Identifier' ? [node.typeName.name] : []
  return [...own, ...childrenOf(node).flatMap(typesIn)]
}

const HANDS_ON = 'a call that hands the transaction on'

/** Names of the functions and methods that an expression calls, those in its own functions too. */
function callsOf(node: Node): readonly string[] {
  const calls = childrenOf(node).flatMap(callsOf)
  if (node.type !== 'CallExpression') return calls
  if (node.arguments.some(isTransaction)) calls.push(HANDS_ON)
  const { callee } = node
  if (callee.type === 'Identifier') calls.push(callee.name)
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier')
    calls.push(callee.property.name)
  return calls
}

function isTransaction(node: Node): boolean {
  return node.type === 'Identifier' && node.name === 'transaction'
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
