import type { StandardSchemaV1 } from '@standard-schema/spec'
import { createError } from '../errors.ts'

/**
 * Checks a value by a Standard Schema and gives the schema's output, which is what is stored. Only writes are
 * checked: what is stored already is read as it is.
 * @param subject what the value is, for the error: `state "progress"`
 * @throws SCHEMA_INVALID when it does not fit; details.issues says what and where
 * @throws SCHEMA_ASYNC when the schema answers by a promise: a write is seen by its page at once and cannot wait
 */
export function checkSchema<Input, Output>(
  schema: StandardSchemaV1<Input, Output>,
  value: unknown,
  subject: string,
): Output {
  const answer = validate(schema, value, subject)
  if (isPromiseLike(answer)) {
    // Nobody waits for it, so its failure must not surface as an unhandled rejection.
    answer.then(undefined, () => {})
    throw createError(
      'SCHEMA_ASYNC',
      `The schema of ${subject} answers by a promise; use one without asynchronous checks.`,
      { subject },
    )
  }
  if (answer.issues === undefined) return answer.value
  const issues = answer.issues.map((issue) => ({ message: issue.message, path: pathOf(issue) }))
  const told = issues.map(({ message, path }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  throw createError('SCHEMA_INVALID', `The value for ${subject} does not fit its schema: ${told}`, {
    subject,
    issues,
  })
}

type Answer<Output> = StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>

function validate<Input, Output>(
  schema: StandardSchemaV1<Input, Output>,
  value: unknown,
  subject: string,
): Answer<Output> {
  try {
    return schema['~standard'].validate(value)
  } catch (error) {
    throw createError(
      'SCHEMA_INVALID',
      `The schema of ${subject} threw instead of answering; mend the schema.`,
      { subject, issues: [] },
      error,
    )
  }
}

function isPromiseLike<Output>(answer: Answer<Output>): answer is Promise<StandardSchemaV1.Result<Output>> {
  return 'then' in answer && typeof answer.then === 'function'
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}
