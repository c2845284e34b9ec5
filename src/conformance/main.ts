#!/usr/bin/env node
// `g6-conformance URL`: whether a server, of whatever make, keeps the rules of docs/protocol.md.
import { Command } from 'commander'
import { number } from '../cli/arguments.js'
import { complain, print } from '../log/print.js'
import { CHECKS, Skipped } from './checks.js'
import type { Target } from './listen.js'

type Flags = { readonly token?: string | null; readonly timeout: number; readonly keepalive?: boolean }

/** Runs every check and prints one line for each; returns how many failed. */
async function runChecks(target: Target, say: (line: string) => void): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, rule, run } of CHECKS) {
    const label = name.padEnd(17)
    try {
      await run(target)
      counts.passed++
      say(`ok      ${label} ${rule}`)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const isSkipped = error instanceof Skipped
      counts[isSkipped ? 'skipped' : 'failed']++
      say(`${isSkipped ? 'skipped' : 'FAILED '} ${label} ${rule} (${why})`)
    }
  }
  const { passed, failed, skipped } = counts
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed
}

await new Command('g6-conformance')
  .configureOutput({ writeOut: print, writeErr: complain })
  .description('Checks a server against the rules of the stream; exit code 1 when one is broken')
  .argument('<url>', "The server's base (http://host:9329), or the address of its stream")
  .option('--token <token>', 'Sent as X-API-Token')
  .option('--timeout <seconds>', 'How long each check waits for what must come', number(0.1, 600), 5)
  .option('--keepalive', 'Also wait for the comment of a silent stream')
  .action(async (url: string, { token = null, timeout, keepalive = false }: Flags) => {
    const target = { url, token, timeoutMs: timeout * 1000, keepalive }
    const failed = await runChecks(target, line => print(`${line}\n`))
    if (failed > 0) process.exitCode = 1
  })
  .parseAsync()
