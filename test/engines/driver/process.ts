/** Processes of the tests: each leads a group of its own, and the group ends with the test, whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Helper } from './engine.ts'

export interface OwnProcess {
  readonly pid: number
  readonly hasEnded: boolean
  readonly ended: Promise<void>
  /** Waits for a line of its output. @throws when it ends before, or the time is over */
  lineLike(pattern: RegExp): Promise<RegExpExecArray>
  onLine(listener: (line: string) => void): void
  write(text: string): void
  /** To the process and all that it started. */
  signal(signal: NodeJS.Signals): void
  kill(): Promise<void>
}

const FIRST_LINE_MS = 30_000

/** Enough of the output to see why a browser did not start. */
const KEPT_CHARACTERS = 4_000

const running = new Set<OwnProcess>()

process.once('exit', endAll)
// The runner ends a worker that does not answer by this signal, and without a listener there is no exit event.
process.once('SIGTERM', () => {
  endAll()
  process.exit(1)
})

function endAll(): void {
  for (const one of running) one.signal('SIGKILL')
}

export function startProcess(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): OwnProcess {
  const child = spawn(command, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    // GTK would start a session bus and accessibility services, which outlive the browser.
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: 'disabled:', ...env },
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started.`)
  let output = ''
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-KEPT_CHARACTERS)
  }
  child.stdout.on('data', keep)
  // A process that has ended reads nothing more.
  child.stdin.on('error', () => {})
  child.stderr.on('data', keep)
  const ended = endOf(child)

  const own: OwnProcess = {
    pid,
    ended,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null
    },
    async lineLike(pattern) {
      const limit = AbortSignal.timeout(FIRST_LINE_MS)
      for (;;) {
        const found = pattern.exec(output)
        if (found !== null) return found
        if (own.hasEnded || limit.aborted) {
          throw new Error(`${command} did not say ${pattern} but:\n${output}`)
        }
        await nextOutput(child, limit)
      }
    },
    onLine(listener) {
      createInterface(child.stdout).on('line', listener)
    },
    write(text) {
      child.stdin.write(text)
    },
    signal(signal) {
      try {
        process.kill(-pid, signal)
      } catch {
        // Nothing of the group is left.
      }
    },
    async kill() {
      own.signal('SIGKILL')
      await ended
    },
  }
  running.add(own)
  void ended.then(() => running.delete(own))
  return own
}

/** Asks a process to end, and ends its group when it did not or left somebody behind. */
export async function endWithin(own: OwnProcess, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs)
  })
  await Promise.race([own.ended, grace])
  clearTimeout(timer)
  await own.kill()
}

/** Everything that a process started and that still runs, children of children too. Reads /proc: Linux alone. */
export function descendantsOf(pid: number): readonly Helper[] {
  const all = readdirSync('/proc').filter(isNumber).flatMap(readProcess)
  const found: Helper[] = []
  const visit = (parent: number) => {
    for (const child of all.filter((one) => one.parent === parent)) {
      found.push({ pid: child.pid, command: child.command })
      visit(child.pid)
    }
  }
  visit(pid)
  return found
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

function nextOutput(child: ChildProcess, limit: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      child.stdout?.off('data', done)
      child.stderr?.off('data', done)
      child.off('exit', done)
      limit.removeEventListener('abort', done)
      resolve()
    }
    child.stdout?.once('data', done)
    child.stderr?.once('data', done)
    child.once('exit', done)
    limit.addEventListener('abort', done)
  })
}

interface Running extends Helper {
  readonly parent: number
}

function readProcess(pid: string): readonly Running[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it stands in brackets and may hold anything, brackets and spaces too.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return [{ pid: Number(pid), parent: Number(parent), command }]
  } catch {
    // It ended while we looked.
    return []
  }
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name)
}
