// The link over TLS, and through Sentinels: real servers, and a real failover.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { freePort } from '../../test/support/free-port.js'
import { type RedisServer, startRedis } from '../../test/support/redis-server.js'
import { parseRedisAddress } from './address.js'
import { type Link, openLink } from './link.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function started(...args: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis({ args: ['--bind', '127.0.0.1', ...args] })
  closers.push(() => redis.close())
  return redis
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'g6-link-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function linkTo(url: string, ca?: string, onReset = (_why: string): void => {}): Promise<Link> {
  const parsed = parseRedisAddress(url)
  if (!parsed.ok) throw new Error(parsed.error)
  const link = await openLink({
    address: parsed.address,
    ...(ca === undefined ? {} : { ca }),
    monotonicMs: () => performance.now(),
    observer: { onReset: (_lane, why) => onReset(why) },
    // A failover is found by connections that close: no deadline is short here.
    times: { deadlineMs: 5_000, connectMs: 5_000, retryMs: 20, retryMaxMs: 100 },
  })
  closers.push(() => link.close())
  return link
}

const up = (link: Link) => eventually(() => link.commands.isUp && link.isListening, 'the link is up')

test('over TLS a server is checked with the certificates of the setting, and one of another name or maker is refused', async () => {
  const folder = newFolder()
  const certificate = (name: string): { readonly cert: string; readonly key: string } => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
    const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
    execFileSync('openssl', ['req', '-x509', ...kind, ...named, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    })
    return { cert, key }
  }
  const [right, wrong] = [certificate('localhost'), certificate('elsewhere.example')]
  const serve = async ({ cert, key }: typeof right): Promise<string> => {
    const port = await freePort()
    await started(
      ...['--tls-port', `${port}`, '--tls-cert-file', cert, '--tls-key-file', key],
      ...['--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'],
    )
    return `rediss://localhost:${port}`
  }
  const url = await serve(right)
  const ca = readFileSync(right.cert, 'utf8')
  const link = await linkTo(url, ca)
  await up(link)
  expect(await link.commands.send(['ECHO', 'over TLS'])).toBe('over TLS')

  for (const [where, trusted] of [
    [url, undefined],
    [await serve(wrong), readFileSync(wrong.cert, 'utf8')],
  ] as const) {
    const resets: string[] = []
    const refused = await linkTo(where, trusted, why => resets.push(why))
    await eventually(() => resets.length > 2, 'it was tried')
    expect([new Set(resets), refused.commands.isUp]).toEqual([new Set(['connect']), false])
  }
})

test('through Sentinels it follows the master, also after a failover', async () => {
  const [masterPort, replicaPort, sentinelPort] = [await freePort(), await freePort(), await freePort()]
  const master = await started('--port', `${masterPort}`)
  const replica = await started('--port', `${replicaPort}`, '--replicaof', '127.0.0.1', `${masterPort}`)
  const conf = join(newFolder(), 'sentinel.conf')
  const settings = [
    `sentinel monitor g6 127.0.0.1 ${masterPort} 1`,
    'sentinel down-after-milliseconds g6 200',
    'sentinel failover-timeout g6 2000',
  ]
  writeFileSync(conf, `${settings.join('\n')}\n`)
  const sentinel = await startRedis({ conf, kind: 'sentinel', args: ['--port', `${sentinelPort}`] })
  closers.push(() => sentinel.close())

  const link = await linkTo(`redis+sentinel://127.0.0.1:${sentinelPort}/g6`)
  const heard: string[] = []
  link.subscribe('news', message => heard.push(message))
  await up(link)
  const portOf = async (): Promise<number> =>
    Number(((await link.commands.send(['CONFIG', 'GET', 'port'])) as readonly string[])[1])
  expect(await portOf()).toBe(masterPort)

  const ofReplica = await linkTo(replica.url)
  await up(ofReplica)
  const ofSentinel = await linkTo(`redis://127.0.0.1:${sentinelPort}`)
  await eventually(async () => {
    const known = await ofSentinel.commands.send(['SENTINEL', 'REPLICAS', 'g6']).catch(() => [])
    const text = await ofReplica.commands.send(['INFO', 'replication'])
    return String(text).includes('master_link_status:up') && Array.isArray(known) && known.length === 1
  }, 'the replica is in step, and the Sentinel knows it')
  await master.kill()
  await eventually(async () => {
    const port = await portOf().catch(() => 0)
    return port === replicaPort && (await link.commands.send(['SET', 'a', '1']).catch(() => '')) === 'OK'
  }, 'the replica is the master, and takes writes')
  await eventually(async () => {
    if (link.isListening) await link.commands.send(['PUBLISH', 'news', 'one']).catch(() => {})
    return heard.includes('one')
  }, 'the subscription is there too')
})
