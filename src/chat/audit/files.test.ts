import { existsSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { auditTrail, start } from '../../../test/support/audit-trail.js'

const trail = auditTrail()

describe('the key', () => {
  test('that is made is the owner’s alone, and used again', async () => {
    expect((await trail.open()).keyMadeAt).toBe(`${trail.path}.key`)
    expect(statSync(`${trail.path}.key`).mode & 0o777).toBe(0o600)
    expect(statSync(trail.path).mode & 0o777).toBe(0o600)
    await trail.write([start('s1')])
    await trail.close()
    expect((await trail.open()).keyMadeAt).toBeNull()
    expect(await trail.verify()).toMatchObject({ ok: true })
  })

  test('that is set makes no file, and no other one is taken', async () => {
    await trail.open(true, 'the key of the settings')
    expect(existsSync(`${trail.path}.key`)).toBe(false)
    await trail.close()
    await expect(trail.open(true, 'another key')).rejects.toMatchObject({ code: 'wrong_key' })
    await expect(trail.open()).rejects.toMatchObject({ code: 'wrong_key' })
  })
})
