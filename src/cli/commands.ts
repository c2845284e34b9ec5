// The table of commands. Each command is one small file, loaded only when it is called, so that quick commands stay quick.
import { Command } from 'commander'
import { VERSION } from '../app/version.js'
import { fromCheckout } from './checkout.js'
import { complain, print } from './output.js'

type Loader = () => Promise<Command>

const COMMANDS: readonly (readonly [name: string, about: string, load: Loader])[] = [
  [
    'demo',
    'Simulator, server and dashboard in one: see it work',
    async () => (await import('./demo.js')).demoCommand(),
  ],
  [
    'serve',
    'Serve the board over HTTP: stream, resync, health, metrics',
    async () => (await import('./serve.js')).serveCommand(),
  ],
  [
    'dashboard',
    'Show the board in the terminal or as plain text',
    async () => (await import('./dashboard.js')).dashboardCommand(),
  ],
  [
    'snapshot',
    'Print one board as text or JSON',
    async () => (await import('./snapshot.js')).snapshotCommand(),
  ],
  [
    'simulate',
    'Write a status document that changes like a real one',
    async () => (await import('./simulate.js')).simulateCommand(),
  ],
  [
    'mock-upstream',
    'A scripted model backend, to try the chat relay with',
    async () => (await import('./mock-upstream.js')).mockUpstreamCommand(),
  ],
  ['board', 'Write, check and preview board files', async () => (await import('./board.js')).boardCommand()],
  [
    'config',
    'Show every setting, its value and where it came from',
    async () => (await import('./config.js')).configCommand(),
  ],
  [
    'readers',
    'Show who is connected to a server',
    async () => (await import('./readers.js')).readersCommand(),
  ],
  [
    'fleet',
    'Show the servers of a fleet, and who publishes its board',
    async () => (await import('./fleet.js')).fleetCommand(),
  ],
  [
    'history',
    'Show numbers of the board over time, or how the system was',
    async () => (await import('./history.js')).historyCommand(),
  ],
  [
    'record',
    'Write each reading of a source into a file',
    async () => (await import('./record.js')).recordCommand(),
  ],
  [
    'replay',
    'Check that a recording gives the same boards',
    async () => (await import('./replay.js')).replayCommand(),
  ],
  [
    'verdict',
    'Print how the system is, as a plugin of a monitoring system',
    async () => (await import('./verdict.js')).verdictCommand(),
  ],
  [
    'mute',
    'Stop notifications for a time, show mutes, end them',
    async () => (await import('./mute.js')).muteCommand(),
  ],
  [
    'notify',
    'Show the rules of notifications, acknowledge, send a test message',
    async () => (await import('./notify.js')).notifyCommand(),
  ],
  ['chat', 'Try the backends of the chat relay', async () => (await import('./chat.js')).chatCommand()],
  [
    'audit',
    'Read, verify, export and erase the audit trail of the chat relay',
    async () => (await import('./audit.js')).auditCommand(),
  ],
  [
    'keys',
    'Make, list and revoke the keys of the chat relay, and show what they used',
    async () => (await import('./keys.js')).keysCommand(),
  ],
  ['bench', 'Measure cycles and streams', async () => (await import('./bench.js')).benchCommand()],
  [
    'check',
    'Find retired names in use; check whether a checkout is ready for a release',
    async () => (await import('./check.js')).checkCommand(),
  ],
  [
    'docs',
    'Write or check the generated reference pages',
    () => fromCheckout('docs', async () => (await import('../../tools/cli/docs.js')).docsCommand()),
  ],
]

/** Adds the hint to every inner command: commands that are loaded late inherit nothing. */
function withHint(command: Command): Command {
  for (const inner of command.commands) withHint(inner)
  // An error message quotes the wrong argument, which may have control characters.
  command.configureOutput({ writeOut: print, writeErr: complain })
  return command.showHelpAfterError('(g6 --help lists the commands, g6 COMMAND --help its options)')
}

/** `g6` with this command loaded; of the others it has the names. */
export async function programWith(called: string | undefined): Promise<Command> {
  const g6 = new Command('g6')
    .description('Live status panels and live answers, over one stream server')
    .version(VERSION)
  for (const [name, about, load] of COMMANDS) {
    g6.addCommand(name === called ? await load() : new Command(name).description(about))
  }
  return withHint(g6)
}

/** Runs the command that the arguments name; an error goes to standard error and sets exit code 1. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const g6 = await programWith(args[0])
  try {
    await g6.parseAsync([...args], { from: 'user' })
  } catch (error) {
    complain(`g6: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
