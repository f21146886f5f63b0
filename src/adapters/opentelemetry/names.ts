/** Names of spans and attributes, as OpenTelemetry's conventions for generative AI have them (in development there). */
import type { EventDataByType, Usage } from '../../index.ts'
import type { Attributes } from './api.ts'

/** What a span is called, its attributes, and the metric of how long it took. */
export interface Named {
  readonly name: string
  readonly attributes: Attributes
  readonly duration?: Duration
}

export type Duration =
  | 'gen_ai.execute_tool.duration'
  | 'gen_ai.invoke_agent.duration'
  | 'gen_ai.workflow.duration'

/** `tool:<name>` is the execution of a tool, `agent:<name>` the invocation of an agent, all else a step of the app's. */
export function namesOfStep({ step, key, attempt, tool }: Partial<EventDataByType['step.started']>): Named {
  const name = step === undefined ? 'step' : step.slice(0, Math.max(0, step.lastIndexOf('@'))) || step
  const common = {
    ...(step !== undefined && { 'holdfast.step.id': step }),
    ...(attempt !== undefined && attempt > 1 && { 'holdfast.step.attempt': attempt }),
  }
  const toolName = tool ?? after('tool:', name)
  if (toolName !== undefined) {
    return {
      name: `execute_tool ${toolName}`,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': toolName,
        ...(key !== undefined && { 'gen_ai.tool.call.id': key }),
        ...common,
      },
      duration: 'gen_ai.execute_tool.duration',
    }
  }
  const agent = after('agent:', name)
  if (agent === undefined) return { name, attributes: common }
  return {
    name: `invoke_agent ${agent}`,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': agent, ...common },
    duration: 'gen_ai.invoke_agent.duration',
  }
}

export function namesOfRun({ name, key }: Partial<EventDataByType['run.started']>): Named {
  return {
    name: name === undefined ? 'invoke_workflow' : `invoke_workflow ${name}`,
    attributes: {
      'gen_ai.operation.name': 'invoke_workflow',
      ...(name !== undefined && { 'gen_ai.workflow.name': name }),
      ...(key !== undefined && { 'holdfast.run.key': key }),
    },
    duration: 'gen_ai.workflow.duration',
  }
}

/** A message of a model, which says no more than when it was there. */
export function namesOfChat(model: string): Named {
  return {
    name: `chat ${model}`,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': model,
      'gen_ai.response.model': model,
    },
  }
}

/** In the conventions the input holds what came from a cache and what went into one. */
export function attributesOfUsage(usage: Partial<Usage> | undefined): Attributes {
  if (usage === undefined) return {}
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0, costUsd } = usage
  return {
    ...(inputTokens !== undefined && {
      'gen_ai.usage.input_tokens': inputTokens + cacheReadTokens + cacheWriteTokens,
    }),
    ...(outputTokens !== undefined && { 'gen_ai.usage.output_tokens': outputTokens }),
    ...(cacheReadTokens > 0 && { 'gen_ai.usage.cache_read.input_tokens': cacheReadTokens }),
    ...(cacheWriteTokens > 0 && { 'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens }),
    ...(costUsd !== undefined && { 'holdfast.usage.cost_usd': costUsd }),
  }
}

function after(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined
}
