import { closeSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { countOpenFiles } from './open-files.js'

describe.runIf(process.platform === 'linux')('open descriptors', () => {
  test('are counted as they come and go', async () => {
    const before = await countOpenFiles()
    const opened = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'))
    const during = await countOpenFiles()
    for (const each of opened) closeSync(each)
    // Others in this process may open or close a few meanwhile.
    expect(during - before).toBeGreaterThan(10)
    expect(during - before).toBeLessThan(30)
  })

  test('a folder that cannot be read is an error, not a number', async () => {
    await expect(countOpenFiles('/proc/self/nothing')).rejects.toThrow('ENOENT')
  })
})
