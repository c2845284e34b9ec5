#!/usr/bin/env node
// `g6`. SIGHUP is caught before the commands are loaded: a reload may come at any moment, and by default it ends a process.
import { catchEarlyReload } from '../app/early-reload.js'

/** Commands that read their settings again on SIGHUP (app/run.ts). SIGHUP ends all others. */
const RELOADING: readonly (string | undefined)[] = ['serve', 'dashboard', 'demo']

const args = process.argv.slice(2)
if (RELOADING.includes(args[0])) catchEarlyReload()

// A closed pipe (`g6 dashboard | head`) is an ordinary end. Any other output error, such as a full disk, costs the output
// and the exit code, but does not end the program: it may be serving too.
let isOutputLost = false
process.stdout.on('error', error => {
  const code = 'code' in error ? String(error.code) : error.message
  if (code === 'EPIPE') process.exit(0)
  if (isOutputLost) return
  isOutputLost = true
  process.stderr.write(`g6: standard output cannot be written (${code}); its text is lost\n`)
  // Set at exit, so that a command that sets its own exit code cannot hide the loss.
  process.once('exit', () => {
    if (!process.exitCode) process.exitCode = 1
  })
})
process.stderr.on('error', () => {
  // There is no other place to report it.
})

const { runCommand } = await import('./commands.js')
await runCommand(args)
