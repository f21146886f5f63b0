/**
 * What secrets look like inside of text. A shape is exact enough to leave code, prose and identifiers alone: random keys
 * are known by their prefix and a digit, and `name=value` counts only for a secret name with a value that is no code.
 */
import type { SecrecyOf } from './secret-names.ts'

type Groups = Readonly<Record<string, string | undefined>>

export interface SecretShape {
  /** With the flag g. The secret is the group `secret`, `quoted` or `bare` at the match's end, else the whole match. */
  readonly pattern: RegExp
  /** Last look at a match. */
  readonly accepts?: (groups: Groups) => boolean
}

/** Shapes that are looked for together. */
export interface ShapeGroup {
  /** Found in every text that holds one of them, and quicker to look for: most texts hold no secret. */
  readonly hint?: RegExp
  readonly shapes: readonly SecretShape[]
}

/** Each of the keys below holds one of these. */
export const KEY_HINT =
  /sk-|gsk_|xai-|csk-|pplx-|_(?:live|test)_|whsec_|AKIA|ASIA|gh[opusr]_|github_pat_|glpat-|npm_|hf_|AIza|ya29\.|xox|eyJ|PRIVATE KEY/

/** Keys that are known by themselves. A digit is demanded where the rest could be words. */
const KEYS: readonly RegExp[] = [
  // OpenAI and Anthropic, of any kind.
  /(?<![\w-])sk-(?=[\w-]*\d)[\w-]{20,}/g,
  // Groq, xAI, Cerebras, Perplexity.
  /(?<![\w-])(?:gsk_|xai-|csk-|pplx-)(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}/g,
  // Stripe.
  /(?<![\w-])(?:[prs]k_(?:live|test)|whsec)_(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}/g,
  // AWS key ids.
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)(?=[A-Z]*\d)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  // GitHub, GitLab, npm, Hugging Face.
  /(?<!\w)gh[opusr]_[A-Za-z0-9]{20,}/g,
  /(?<!\w)github_pat_(?=\w*\d)\w{20,}/g,
  /(?<![\w-])glpat-(?=[\w-]*\d)[\w-]{20,}/g,
  /(?<!\w)(?:npm|hf)_[A-Za-z0-9]{30,}/g,
  // Google: API keys and access tokens.
  /(?<![\w-])AIza[\w-]{30,}/g,
  /(?<![\w.-])ya29\.[\w-]{20,}/g,
  // Slack.
  /(?<![\w-])xox[abeoprs]-(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}/g,
  // JSON Web Tokens: header and payload are JSON objects.
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g,
  // Private keys in PEM form, also with the line ends of a JSON text, also cut off.
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:(?:\s|\\[nr])*(?:Proc-Type|DEK-Info): [^\n\\]+)*(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})+(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]*(?:\s|\\[nr])*-----END [A-Z0-9 ]*PRIVATE KEY-----)?/g,
]

/** Each of the places below holds one of these. */
export const PLACE_HINT = /bearer|authorization|:\/\/|--/i

/** Secrets that are known by what stands before them. */
const PLACES: readonly RegExp[] = [
  /(?<!\w)bearer\s+(?<secret>(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*)/gi,
  /(?<!\w)authorization(?:\\?["'])?\s{0,3}[:=]\s{0,3}(?:\\?["'])?(?:basic|bearer|token|digest|apikey)\s+(?<secret>[^\s"'\\,;[]{4,})/gi,
  // The password of a URL. Its scheme would say no more, and take the time of every word.
  /:\/\/[^\s:/?#@"'<>]{0,100}:(?<secret>[^\s/?#@"'<>{}[\]$]{1,200})(?=@)/gi,
  // The value of a command's option.
  /(?<![\w-])--(?:[a-z]{1,20}-){0,4}(?:password|passwd|token|secret|api-?key)\s{1,3}(?<secret>(?=[^\s"'$<>[]*\d)[^\s"'$<>[-][^\s"'<>[]{2,})/gi,
]

/** Parts of the names that can be secret; the regular expression passes over all other names quickly. */
export const NAME_HINTS = ['pass', 'pwd', 'secret', 'token', 'key', 'auth', 'cookie', 'cred', 'bearer']

/** The shapes to look for, the most certain first. */
export function createSecretShapes(
  secrecyOf: SecrecyOf,
  extraNames: readonly string[],
  extraPatterns: readonly RegExp[],
): readonly ShapeGroup[] {
  const hints = [...NAME_HINTS, ...extraNames.map(lastWord)]
  const assignments = {
    pattern: assignment(hints),
    accepts: (groups: Groups) => isSecretAssignment(groups, secrecyOf),
  }
  return [
    { shapes: extraPatterns.map(shapeOf) },
    { hint: KEY_HINT, shapes: KEYS.map((pattern) => ({ pattern })) },
    { hint: PLACE_HINT, shapes: PLACES.map((pattern) => ({ pattern })) },
    { hint: new RegExp(hints.join('|'), 'i'), shapes: [assignments] },
  ]
}

function shapeOf({ source, flags }: RegExp): SecretShape {
  return { pattern: new RegExp(source, `${flags.replace(/[gy]/g, '')}g`) }
}

/** A name, a sign, and a value: in quotation marks (escaped ones too), or bare and not the beginning of a call or an index. */
function assignment(hints: readonly string[]): RegExp {
  const name = `(?<![\\w-])(?<name>(?=[\\w-]{0,63}(?:${hints.join('|')}))[A-Za-z_][\\w-]{0,63})(?:\\\\?["'\`])?`
  const quoted = '(?<quote>\\\\?["\'`])(?<quoted>[^\\n"\'`\\\\]+)\\k<quote>'
  const bare = '(?<bare>[^\\s"\'`,;&|<>(){}[\\]\\\\]+)(?=$|[\\s"\'`,;&|<>)}\\]\\\\])'
  return new RegExp(`${name}(?<sign>\\s{0,3}[=:]\\s{0,3})(?:${quoted}|${bare})`, 'gi')
}

/** Names are compared in full after the match; this only makes the match possible. */
function lastWord(name: string): string {
  return /[\p{L}\p{N}]+$/u.exec(name)?.[0] ?? '\\b\\B'
}

const PLACEHOLDER = /^(?:[$%<*{]|\.{2,}|x{3,}$|your|(?:null|undefined|none|nil|true|false)$)|(?:\.{3}|…)$/i
const PATH = /^(?:[~.]{0,2}[/\\]|~$|[A-Za-z]:[/\\])/
const DOTTED = /^[A-Za-z_$][\w$]*(?:[?!]?\.[A-Za-z_$][\w$]*)+$/
const TYPED_ARRAY = /^(?:Big)?(?:Uint|Int|Float)\d+(?:Clamped)?Array$/

function isSecretAssignment(
  { name = '', sign = '', quoted, bare = '' }: Groups,
  secrecyOf: SecrecyOf,
): boolean {
  const value = quoted ?? bare
  if (secrecyOf(name) === undefined || PLACEHOLDER.test(value)) return false
  // The working directory has the same name as a password.
  if (/pwd$/i.test(name) && PATH.test(value)) return false
  if (namesSecret(value, secrecyOf)) return false
  if (quoted !== undefined) return !/\s/.test(quoted) || /phrase$/i.test(name)
  if (sign === '=') return value.length >= 3
  // With spaces or a colon it may be code or prose: `apiKey: string`, `token = await read()`.
  return (
    value.length >= 6 &&
    /\d/.test(value) &&
    /\p{L}/u.test(value) &&
    !DOTTED.test(value) &&
    !TYPED_ARRAY.test(value)
  )
}

/** `token=token`, `apiKey: "OPENAI_API_KEY"`, `password=config.password`: where the secret is, not what it is. */
function namesSecret(value: string, secrecyOf: SecrecyOf): boolean {
  const last = value.slice(value.lastIndexOf('.') + 1)
  return /^[A-Za-z_$][A-Za-z_$-]*$/.test(last) && secrecyOf(last) !== undefined
}
