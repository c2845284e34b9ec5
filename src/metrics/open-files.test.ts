import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { countOpenFiles, replaceOpenFiles } from './open-files.js'

describe.runIf(process.platform === 'linux')('open descriptors', () => {
  test('are counted as they come and go', async () => {
    const before = await countOpenFiles()
    const opened = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'))
    const during = await countOpenFiles()
    for (const each of opened) closeSync(each)
    // Other code in this process may open or close a few.
    expect(during - before).toBeGreaterThan(10)
    expect(during - before).toBeLessThan(30)
  })

  test('are listed where the size of the folder is not their number', async () => {
    const folder = '/proc/self/ns'
    expect(statSync(folder).size).toBe(0)
    expect(await countOpenFiles(folder)).toBe(readdirSync(folder).length)
    // In other folders the size is used.
    expect(await countOpenFiles('/dev')).toBe(statSync('/dev').size)
  })

  test('a folder that cannot be read is an error, not a number', async () => {
    await expect(countOpenFiles('/proc/self/nothing')).rejects.toThrow('ENOENT')
  })

  test('replace the gauge of prom-client, where it exists', async () => {
    const registry = new Registry()
    replaceOpenFiles(registry)
    expect(await registry.metrics()).toBe('\n')
    new Gauge({ name: 'process_open_fds', help: 'theirs', registers: [registry] }).set(-1)
    replaceOpenFiles(registry)
    const text = await registry.metrics()
    expect(text).toContain('# HELP process_open_fds Number of open file descriptors.')
    expect(Number(/^process_open_fds (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  })
})
