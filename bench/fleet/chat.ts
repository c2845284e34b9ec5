// What sharing answers over Redis costs the relay: by itself, with a Redis, and with one that hangs, in one run and in turn; and how soon a
// reader that was cut gets the next event at another server.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readAnswer } from '../chat/client.js'
import { load, PATHS } from '../chat/latency.js'
import { cpuSecOf, startRelay, startUpstream } from '../chat/processes.js'
import type { Figure } from '../output.js'
import type { OwnServer } from '../own-server.js'
import { send } from '../requests.js'
import { inTurn, pairedRatio, percentile, type Spread } from '../stats.js'
import { startRedis } from './processes.js'

const WAYS = ['alone', 'shared', 'hung'] as const
type Way = (typeof WAYS)[number]
type PerWay<T> = Readonly<Record<Way, T>>
const perWay = <T>(of: (way: Way) => T): PerWay<T> => ({
  alone: of('alone'),
  shared: of('shared'),
  hung: of('hung'),
})

type Times = { readonly p50: number; readonly p99: number }
const timesOf = (values: readonly number[]): Times => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
})

export type FleetChatReport = {
  readonly firstTokenMs: PerWay<Times>
  readonly interTokenMs: PerWay<Times>
  /** Tokens per core second, of the relay by itself. */
  readonly tokens: { readonly shared: Spread; readonly hung: Spread }
  readonly resumeMs: Times & { readonly count: number }
}

export type FleetChatOptions = {
  /** Answers one after the other, and resumes. */
  readonly answers: number
  readonly streams: number
  readonly seconds: number
  readonly rounds: number
}

const TOKENS_PER_SEC = 20
/** A Redis that is stopped is noticed within this time. */
const NOTICED_MS = 8_000

type Relays = PerWay<OwnServer> & { readonly other: OwnServer }

/** `work` gets the relays; that of `hung` has a Redis that was stopped. */
async function withRelays<T>(flags: readonly string[], work: (relays: Relays) => Promise<T>): Promise<T> {
  const folders = await Promise.all(
    ['a', 'b'].map(name => mkdtemp(join(tmpdir(), `g6-bench-redis-${name}-`))),
  )
  const ends: (() => Promise<unknown>)[] = folders.map(
    folder => () => rm(folder, { recursive: true, force: true }),
  )
  const kept = <S extends { stop(): Promise<unknown> }>(server: S): S => {
    ends.unshift(() => server.stop())
    return server
  }
  try {
    const upstream = kept(await startUpstream([...flags, '--stamped']))
    const redis = await Promise.all(folders.map(async folder => kept(await startRedis(folder))))
    const relay = async (at: number | null): Promise<OwnServer> => {
      const env = at === null ? {} : { G6_REDIS_URL: `unix:${join(folders[at] ?? '', 'redis.sock')}` }
      return kept(await startRelay(upstream.url, 'bali-zero', env))
    }
    const [alone, shared, other, hung] = [await relay(null), await relay(0), await relay(0), await relay(1)]
    const stopped = redis[1]?.pid ?? 0
    process.kill(stopped, 'SIGSTOP')
    // Before it is stopped, or it would not end.
    ends.unshift(async () => process.kill(stopped, 'SIGCONT'))
    await pause(NOTICED_MS)
    return await work({ alone, shared, hung, other })
  } finally {
    for (const end of ends) await end()
  }
}

const { relayed: PATH, direct: _, ...FORM } = PATHS['bali-zero']
const ask = ({ url }: OwnServer) => ({ ...FORM, url: `${url}${PATH}` })

async function firstTokens(answers: number): Promise<PerWay<Times>> {
  const took = perWay((): number[] => [])
  await withRelays(['--tokens', '2', '--rate', '200', '--first-token', '0'], async relays => {
    // As many before the first measured one: until then code is compiled.
    for (let round = 1 - answers; round <= answers; round++) {
      for (const way of inTurn(WAYS, round + answers)) {
        const client = readAnswer(ask(relays[way]), () => {})
        const ms = await client.firstTokenMs
        await client.ended
        if (round > 0) took[way].push(ms)
      }
    }
  })
  return perWay(way => timesOf(took[way]))
}

/** From the request of a cut reader at another server to its next event, ms. */
async function resumes(relays: Relays, count: number): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < count; i++) {
    const first = await cutAfterSomeEvents(ask(relays.shared).url)
    const beganMs = performance.now()
    const path = `${PATH.split('?')[0]}/${first.split('.')[0]}`
    const socket = send(`${relays.other.url}${path}`, [`Last-Event-ID: ${first}`])
    await new Promise<void>((resolve, reject) => {
      let text = ''
      socket.on('data', bytes => {
        text += bytes.toString('latin1')
        if (/^id: /m.test(text)) resolve()
      })
      socket.once('close', () => reject(new Error(`the answer was not resumed: ${text.slice(0, 200)}`)))
    })
    taken.push(performance.now() - beganMs)
    socket.destroy()
  }
  return taken
}

/** Reads an answer until it has sent some events, and leaves. Resolves with the id of the third: what comes after it is there, and not awaited. */
function cutAfterSomeEvents(url: string): Promise<string> {
  const socket = send(url)
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', bytes => {
      text += bytes.toString('latin1')
      const ids = [...text.matchAll(/^id: (\S+)$/gm)].map(match => match[1] ?? '')
      if (ids.length < 6) return
      socket.removeAllListeners('close').destroy()
      resolve(ids[2] ?? '')
    })
    socket.once('close', () => reject(new Error('the answer broke off')))
  })
}

export async function benchFleetChat(options: FleetChatOptions): Promise<FleetChatReport> {
  const { answers, streams, seconds, rounds } = options
  const firstTokenMs = await firstTokens(answers)
  const latencies = perWay((): number[] => [])
  const perCore = perWay((): number[] => [])
  const flags = [
    '--tokens',
    String(TOKENS_PER_SEC * seconds),
    '--rate',
    String(TOKENS_PER_SEC),
    '--first-token',
    '100',
  ]
  const resumeMs = await withRelays(flags, async relays => {
    for (const way of WAYS) await load(ask(relays[way]), Math.ceil(streams / 2))
    for (let round = 1; round <= rounds; round++) {
      for (const way of inTurn(WAYS, round)) {
        const before = await cpuSecOf(relays[way].url)
        const run = await load(ask(relays[way]), streams)
        const after = await cpuSecOf(relays[way].url)
        for (const ms of run.latenciesMs) latencies[way].push(ms)
        perCore[way].push(run.tokens / (after.user + after.system - before.user - before.system))
      }
    }
    return resumes(relays, answers)
  })
  return {
    firstTokenMs,
    interTokenMs: perWay(way => timesOf(latencies[way])),
    tokens: {
      shared: pairedRatio(perCore.shared, perCore.alone),
      hung: pairedRatio(perCore.hung, perCore.alone),
    },
    resumeMs: { ...timesOf(resumeMs), count: resumeMs.length },
  }
}

export function fleetChatFigures({ tokens, resumeMs }: FleetChatReport): readonly Figure[] {
  return [
    {
      name: 'tokens per core second with Redis, of those without',
      value: tokens.shared.median,
      limit: 0.8,
      isLeast: true,
    },
    { name: 'an answer resumed at another server, p99', value: resumeMs.p99, limit: 20, unit: 'ms' },
  ]
}
