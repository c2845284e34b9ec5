// Ends what the demo of a fleet started when the demo itself is killed: a shell that waits for its input to end. A process that gets
// SIGKILL can do nothing, but its end of a pipe closes.
import { spawn } from 'node:child_process'

export type Guard = {
  /** This process ends with the demo, until the returned function is called. */
  watch(pid: number): () => void
  /** All has ended in order. */
  end(): void
}

/** Each line is all that runs now; after the last one comes the end of the demo. */
const SCRIPT = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -KILL $pids; rm -rf -- "$0"'

/** `folder` is removed in the end. */
export function startGuard(folder: string): Guard {
  // In a group of its own: Ctrl+C must not end it before the demo.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without it the demo works as well.
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  const running = new Set<number>()
  const write = (): void => void shell.stdin.write(`${[...running].join(' ')}\n`)
  return {
    watch: pid => {
      running.add(pid)
      write()
      return () => {
        running.delete(pid)
        write()
      }
    },
    end: () => shell.stdin.end(),
  }
}
