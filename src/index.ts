/** Holdfast, as a page uses it. */

export type { Artifact, ReadOptions } from './client/artifact.ts'
export { openHoldfast } from './client/open-holdfast.ts'
export { type App, defineApp, type Schemas, type Template } from './core/app/app.ts'
export type { StepDefinition } from './core/app/step-definition.ts'
