import type { Settled } from './messages.ts'

/** @param barrier the one that makes it safe; undefined where it is */
export function withBarrier(settled: Settled & { readonly ok: true }, barrier: number | undefined): Settled {
  return barrier === undefined ? settled : { ...settled, barrier }
}
