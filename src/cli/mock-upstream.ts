// `g6 mock-upstream`: a scripted model backend to try the chat relay with.
import { Command } from 'commander'
import type { MockDialect } from '../chat/mock/dialects.js'
import { MOCK_FINISHES, type MockFinish } from '../chat/mock/script.js'
import { number, oneOf, whole } from './arguments.js'
import { print } from './output.js'

const DIALECTS: readonly MockDialect[] = ['untyped', 'typed', 'rich', 'openai']

type Flags = {
  readonly host: string
  readonly port: number
  readonly dialect?: MockDialect
  readonly tokens: number
  readonly rate: number
  readonly firstToken: number
  readonly finish: MockFinish
  readonly status: number
  readonly stamped?: true
}

export function mockUpstreamCommand(): Command {
  return new Command('mock-upstream')
    .description('A scripted model backend: every wire and dialect, any pace, any fault')
    .option('--host <address>', 'Where to listen', '127.0.0.1')
    .option('--port <n>', '0: any free one', whole(0, 65_535), 8000)
    .option(
      '--dialect <name>',
      `${DIALECTS.join(', ')}; without it each path has its own wire, and any other path is typed`,
      oneOf(DIALECTS),
    )
    .option('--tokens <n>', 'Of each answer', whole(0), 60)
    .option('--rate <n>', 'Tokens per second; 0: all at once', number(0), 20)
    .option('--first-token <ms>', 'Before the first token', number(0), 200)
    .option('--finish <how>', MOCK_FINISHES.join(', '), oneOf(MOCK_FINISHES), 'done')
    .option('--status <n>', 'Answer with this status instead', whole(200, 599), 200)
    .option('--stamped', 'Each token is the time at which it was written (nanoseconds, monotonic)')
    .addHelpText(
      'after',
      `
Paths: /v1/chat/completions, /v1/completions, /v1/responses, /v1/messages, /v1/models, /v1/embeddings, /api/chat, and those of
the dialects. A question "mock:{…}" brings its own script, for instance mock:{"finish":"cut","tokens":5}; also reasoning,
toolCalls [{name, arguments}], refusal, usage, comments, body (html, empty, json), gzip, status, error, retryAfter, headers.`,
    )
    .action(async (flags: Flags) => {
      const { startMockUpstream } = await import('../chat/mock/server.js')
      const { host, port, dialect, tokens, rate, firstToken, finish, status } = flags
      const server = await startMockUpstream({
        host,
        port,
        script: {
          dialect: dialect ?? null,
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
