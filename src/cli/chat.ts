// `g6 chat ping`: whether the backends of the chat relay answer.
import { Command } from 'commander'
import { allBackendsOf, chatBackendsOf } from '../chat/backends/backend.js'
import { type Pong, pingAll } from '../chat/backends/ping.js'
import { createUndiciEdge } from '../chat/upstream/edge.js'
import { systemClock } from '../clock/clock.js'
import { systemTimers } from '../clock/timers.js'
import { settingFlags } from '../config/flags.js'
import { whole } from './arguments.js'
import { print } from './output.js'
import { prepare } from './settings.js'

const TIMEOUT_SEC = 30

export function chatCommand(): Command {
  const chat = new Command('chat').description('Try the backends of the chat relay')
  settingFlags(chat.command('ping'), [])
    .description('Ask each backend for one word; exit 1 when one does not answer. It costs what a word costs')
    .option('--json', 'As JSON')
    .option('--timeout <seconds>', 'How long each may take', whole(1, 600), TIMEOUT_SEC)
    .action(async (_options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const { json, timeout } = command.opts<{ json?: true; timeout: number }>()
      const inChat = chatBackendsOf(config)
      const others = allBackendsOf(config).filter(({ name }) => inChat.backends.every(b => b.name !== name))
      if (inChat.backends.length + others.length === 0)
        throw new Error('there is no backend: set RAG_BACKEND_URL, G6_RELAY_UPSTREAM or [[relay.backend]]')
      const edge = createUndiciEdge()
      try {
        const parts = { edge, clock: systemClock, timers: systemTimers, timeoutMs: timeout * 1000 }
        const pongs = await pingAll(inChat, others, config.chatModel, parts)
        print(json ? `${JSON.stringify(pongs)}\n` : pongLines(pongs))
        if (pongs.some(({ ok }) => !ok)) process.exitCode = 1
      } finally {
        await edge.close()
      }
    })
  return chat
}

/** `main  ok  412 ms  gpt-5` */
export function pongLines(pongs: readonly Pong[]): string {
  const nameWidth = Math.max(...pongs.map(({ name }) => name.length))
  const modelWidth = Math.max(...pongs.map(({ model }) => (model ?? '—').length))
  return pongs
    .map(({ name, ok, ms, model, cause }) => {
      const state = (ok ? 'ok' : 'failed').padEnd(6)
      const line = [
        name.padEnd(nameWidth),
        state,
        `${ms} ms`.padStart(9),
        (model ?? '—').padEnd(modelWidth),
        cause,
      ]
      return `${line
        .filter(part => part !== null)
        .join('  ')
        .trimEnd()}\n`
    })
    .join('')
}
