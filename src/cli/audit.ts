// `g6 audit tail|verify|export|erase|head`: commands for operators, usable while a server writes the trail.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Command } from 'commander'
import { headFileOf, keyFileOf, loadKey, parseHead, readHead } from '../chat/audit/files.js'
import { newestRecords, openTrail, recordsOf, type ShownRecord } from '../chat/audit/read.js'
import type { SubjectName } from '../chat/audit/subjects.js'
import { type TrailVerdict, verifyTrail } from '../chat/audit/verify.js'
import { type FleetVerdict, verifyTrails } from '../chat/audit/verify-fleet.js'
import { openWriter } from '../chat/audit/writer.js'
import { settingFlags } from '../config/flags.js'
import type { Config } from '../config/settings.js'
import { whole } from './arguments.js'
import { auditLines } from './audit-text.js'
import { complain, print } from './output.js'
import { prepare } from './settings.js'

/** How often `--follow` looks for new records. */
const FOLLOW_MS = 500
/** New records shown at once. */
const FOLLOW_PAGE = 1_000

const say = (text: string): void => print(`${text}\n`)

/** It is done, but something else in the trail is not right: exit code 1. */
function warn(text: string): void {
  complain(`g6: warning: ${text}; run g6 audit verify\n`)
  process.exitCode = 1
}

function show(records: readonly ShownRecord[], json: boolean): void {
  const lines = json ? records.map(record => JSON.stringify(record)) : auditLines(records)
  for (const line of lines) say(line)
}

function keyOf({ auditDb, auditKey }: Pick<Config, 'auditDb' | 'auditKey'>): Uint8Array {
  const key = loadKey(auditDb, auditKey)
  if (key !== null) return key
  throw new Error(
    `there is no key of the audit trail: neither G6_AUDIT_KEY nor the file ${keyFileOf(auditDb)}`,
  )
}

function verdictText(verdict: FleetVerdict['trails'][number]['verdict'] | TrailVerdict): string {
  if (!verdict.ok) return `NOT whole, first at record ${verdict.seq}: ${verdict.message}`
  const range = verdict.firstSeq === null ? '' : ` (${verdict.firstSeq} to ${verdict.lastSeq})`
  const whole = `whole: ${verdict.records} records${range}`
  return verdict.unsealed === true
    ? `${whole}\nthe rows that find persons have no MACs yet: a server of this version adds them when it opens the database`
    : whole
}

/** Of several servers: each, and what they witnessed of each other. */
async function verifyAll(paths: readonly string[], auditKey: string | null, json: boolean): Promise<void> {
  const given = paths.map(path => ({ path, key: keyOf({ auditDb: path, auditKey }) }))
  const { trails, absent } = await verifyTrails(given)
  if (trails.some(({ verdict }) => !verdict.ok)) process.exitCode = 1
  for (const { database, verdict } of trails)
    say(json ? JSON.stringify({ database, ...verdict }) : `${database}: ${verdictText(verdict)}`)
  for (const { head, by, seq } of absent) {
    const at = new Date(head.atMs).toISOString()
    say(
      json
        ? JSON.stringify({ absent: head.instance, count: head.count, at, by, seq })
        : `not given: the database of ${head.instance}, which had ${head.count} records at ${at} (${by}, record ${seq})`,
    )
  }
}

type Whom = { readonly user?: string; readonly stream?: string; readonly address?: string }

function namesOf({ user, stream, address }: Whom): readonly SubjectName[] {
  const names: SubjectName[] = []
  if (user !== undefined) names.push({ kind: 'person', text: user }, { kind: 'name', text: user })
  if (stream !== undefined) names.push({ kind: 'stream', text: stream })
  if (address !== undefined) names.push({ kind: 'address', text: address })
  if (names.length === 0) throw new Error('no person given; allowed: --user, --stream or --address')
  return names
}

const whom = (command: Command): Command =>
  command
    .option('--user <name>', 'A person: subject of the token, or email')
    .option('--stream <id>', 'An anonymous stream')
    .option('--address <address>', 'An address that was refused without a person')

/** Shows new records until a signal ends it. */
async function follow(path: string, fromSeq: number, json: boolean): Promise<void> {
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort())
  const reader = openTrail(path)
  let seq = fromSeq
  while (!ended.signal.aborted) {
    const records = reader.after(seq, FOLLOW_PAGE)
    show(records, json)
    seq = records.at(-1)?.seq ?? seq
    if (records.length < FOLLOW_PAGE) await pause(FOLLOW_MS, null, { signal: ended.signal }).catch(() => {})
  }
  reader.close()
}

export function auditCommand(): Command {
  const audit = new Command('audit').description(
    'Read, verify, export and erase the audit trail of the chat relay',
  )
  const add = <T extends object>(
    name: string,
    about: string,
    work: (config: Config, options: T, args: readonly string[]) => void | Promise<void>,
  ): Command =>
    settingFlags(audit.command(name), ['G6_AUDIT_DB', 'G6_AUDIT_KEY'])
      .description(about)
      .action(async function (this: Command) {
        const prepared = prepare(this)
        if (prepared !== null) await work(prepared.loaded.config, this.opts<T>(), this.args)
      })

  type Tail = { readonly lines: number; readonly follow?: true; readonly json?: true }
  add<Tail>('tail', 'Show the newest records', async ({ auditDb }, { lines, follow: on, json = false }) => {
    const records = newestRecords(auditDb, lines)
    show(records, json)
    if (on) await follow(auditDb, records.at(-1)?.seq ?? newestRecords(auditDb, 1)[0]?.seq ?? 0, json)
  })
    .option('-n, --lines <n>', 'How many', whole(0, 9_999_999), 50)
    .option('-f, --follow', 'Show new records as they are added')
    .option('--json', 'As JSON lines')

  type Verify = { readonly head?: string; readonly json?: true }
  add<Verify>(
    'verify',
    'Walk the chain; exit 1 and the first bad record when it is not whole',
    async (config, given, databases) => {
      if (databases.length > 0) {
        if (given.head !== undefined)
          throw new Error('--head is compared with one database: leave it out, or give no databases')
        return verifyAll(databases, config.auditKey, given.json === true)
      }
      const kept = given.head === undefined ? null : parseHead(readFileSync(given.head, 'utf8'))
      if (given.head !== undefined && kept === null)
        throw new Error(`${given.head} holds no head (g6 audit head)`)
      const verdict = await verifyTrail(config.auditDb, keyOf(config), kept)
      if (!verdict.ok) process.exitCode = 1
      say(given.json ? JSON.stringify(verdict) : verdictText(verdict))
    },
  )
    .argument(
      '[databases...]',
      'Those of all servers of a fleet: each is checked, also against what the others witnessed of it',
    )
    .option(
      '--head <file>',
      'Against a head that was kept elsewhere, instead of the one next to the database',
    )
    .option('--json', 'As JSON')

  whom(
    add<Whom>('export', 'All records of one person, as JSON lines', (config, given) => {
      for (const record of recordsOf(config.auditDb, keyOf(config), namesOf(given), warn))
        say(JSON.stringify(record))
    }),
  )

  whom(
    add<Whom>(
      'erase',
      'Erase a person: rows stay, but nobody can link them to the person again',
      async (config, given) => {
        const names = namesOf(given)
        // Throws where there is no trail or no key, so that neither is created.
        newestRecords(config.auditDb, 1)
        keyOf(config)
        const { writer } = await openWriter({ path: config.auditDb, key: config.auditKey, asServer: false })
        try {
          const { subjects, records, request } = await writer.erase(names, Date.now(), warn)
          if (subjects === 0 && request === undefined) process.exitCode = 1
          say(
            subjects === 0
              ? 'nobody of that name is in the trail'
              : `erased; ${records} records can no longer be linked`,
          )
          if (request !== undefined)
            say(`the other servers of the fleet erase the person too: each records request ${request}`)
        } finally {
          await writer.close()
        }
      },
    ),
  )

  add('head', 'Print the signed head, to keep it elsewhere', async ({ auditDb }) => {
    const head = await readHead(auditDb)
    if (head === null) throw new Error(`there is no readable head at ${headFileOf(auditDb)}`)
    say(JSON.stringify(head))
  })
  return audit
}
