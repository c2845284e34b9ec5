// `g6 mock-upstream`: a scripted model backend to try the chat relay with.
import { Command } from 'commander'
import type { MockDialect, MockFinish } from '../chat/mock/script.js'
import { number, oneOf, whole } from './arguments.js'
import { print } from './output.js'

const DIALECTS: readonly MockDialect[] = ['untyped', 'typed', 'rich', 'openai']
const FINISHES: readonly MockFinish[] = ['done', 'length', 'error', 'cut', 'end', 'tail', 'stall']

type Flags = {
  readonly host: string
  readonly port: number
  readonly dialect: MockDialect
  readonly tokens: number
  readonly rate: number
  readonly firstToken: number
  readonly finish: MockFinish
  readonly status: number
  readonly stamped?: true
}

export function mockUpstreamCommand(): Command {
  return new Command('mock-upstream')
    .description('A scripted model backend: every dialect, any pace, any fault')
    .option('--host <address>', 'Where to listen', '127.0.0.1')
    .option('--port <n>', '0: any free one', whole(0, 65_535), 8000)
    .option('--dialect <name>', DIALECTS.join(', '), oneOf(DIALECTS), 'typed')
    .option('--tokens <n>', 'Of each answer', whole(0), 60)
    .option('--rate <n>', 'Tokens per second; 0: all at once', number(0), 20)
    .option('--first-token <ms>', 'Before the first token', number(0), 200)
    .option('--finish <how>', FINISHES.join(', '), oneOf(FINISHES), 'done')
    .option('--status <n>', 'Answer with this status instead', whole(200, 599), 200)
    .option('--stamped', 'Each token is the time at which it was written (nanoseconds, monotonic)')
    .addHelpText(
      'after',
      '\nA question "mock:{…}" brings its own script, for instance mock:{"finish":"cut","tokens":5}.',
    )
    .action(async (flags: Flags) => {
      const { startMockUpstream } = await import('../chat/mock/server.js')
      const { host, port, dialect, tokens, rate, firstToken, finish, status } = flags
      const server = await startMockUpstream({
        host,
        port,
        script: {
          dialect,
          tokens,
          gapMs: rate === 0 ? 0 : 1000 / rate,
          firstTokenMs: firstToken,
          finish,
          status,
          stamped: flags.stamped ?? false,
        },
      })
      print(`${JSON.stringify({ listening: server.url })}\n`)
      await new Promise<void>(resolve => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
      })
      await server.close()
    })
}
