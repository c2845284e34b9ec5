// Redis as it ships in deploy/redis: two servers act as one over it, and its user may do nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fleetDocument } from '../../src/protocol/fleet.js'
import { parseRedisAddress } from '../../src/redis/address.js'
import { openLink } from '../../src/redis/link.js'
import { eventually } from '../support/eventually.js'
import { endAll, g6 } from '../support/g6.js'
import { startRedis } from '../support/redis-server.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await endAll()
  for (const close of closers.splice(0).reverse()) await close()
})

const PASSWORD = 'CHANGE-THIS-PASSWORD'

test('two servers are a fleet with it, and its user may do nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'g6-redis-conf-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  const acl = join(folder, 'g6.acl')
  writeFileSync(acl, readFileSync('deploy/redis/g6.acl', 'utf8'))
  const conf = join(folder, 'redis.conf')
  const shipped = readFileSync('deploy/redis/redis.conf', 'utf8')
  expect(shipped).toContain('aclfile /etc/redis/g6.acl')
  writeFileSync(conf, shipped.replace('/etc/redis/g6.acl', acl))
  const redis = await startRedis({ conf })
  closers.push(() => redis.close())
  const url = redis.url.replace('unix:', `unix://g6:${PASSWORD}@`)
  const parsed = parseRedisAddress(url)
  if (!parsed.ok) throw new Error(parsed.error)

  const status = ['--status-file', 'test/fixtures/status-full.json']
  const nodes = [1, 2].map(() =>
    g6(['serve', '--port', '0', '--no-write-panels', ...status], { G6_REDIS_URL: url }),
  )
  const urls = await Promise.all(nodes.map(node => node.url()))
  await eventually(
    async () => {
      const known = fleetDocument.parse(await (await fetch(`${urls[1]}/fleet`)).json())
      const shown = new Set(known.nodes.map(({ epoch, generation }) => `${epoch}-${generation}`))
      const isWell = known.nodes.length === 2 && known.degraded.length === 0
      return isWell && shown.size === 1 && known.nodes.some(({ role }) => role === 'leading')
    },
    () => `both show one board: ${nodes.map(node => node.output().err).join('\n')}`,
  )
  for (const node of nodes) {
    expect(node.output().err).not.toContain('a fault in the fleet')
    // Of the relay, which asks for the memory of Redis too.
    expect(node.output().err).not.toContain('answers cannot be shared')
  }

  const link = await openLink({ address: parsed.address, monotonicMs: () => performance.now() })
  closers.push(() => link.close())
  await eventually(() => link.commands.isUp, 'a link')
  for (const command of [
    ['FLUSHALL'],
    ['KEYS', '*'],
    ['CONFIG', 'GET', '*'],
    ['GET', 'other'],
    ['PUBLISH', 'x', '1'],
  ])
    await expect(link.commands.send(command as [string, ...string[]])).rejects.toThrow(/NOPERM/)
})
