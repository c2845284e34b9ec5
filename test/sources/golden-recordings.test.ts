// Recordings of real sources: every board of them comes out as it was recorded (`stream-statuses-only` is of a version that recorded nothing
// else of a stream). One that differs on purpose is renewed with
//   npm run build && node dist/program/g6.js replay renew test/fixtures/recordings/*.g6rec
// and its difference is a part of the change. Another version of the product alone changes nothing.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { loadSettings } from '../../src/app/load-settings.js'
import type { ProgramParts } from '../../src/app/parts.js'
import { checkRecording } from '../../src/app/replay-check.js'
import { renewRecording } from '../../src/app/replay-renew.js'
import { VERSION } from '../../src/app/version.js'
import { systemClock } from '../../src/clock/clock.js'
import { silentLog } from '../../src/log/log.js'
import { silentMetrics } from '../../src/metrics/metrics.js'

const RECORDINGS = 'test/fixtures/recordings'
const RENEW = `renew it with: g6 replay renew ${RECORDINGS}/*.g6rec`

const folder = mkdtempSync(join(tmpdir(), 'g6-golden-'))
afterAll(() => rmSync(folder, { recursive: true }))

function parts(): ProgramParts {
  const loaded = loadSettings({ env: {}, cwd: folder })
  if (!loaded.ok) throw new Error('the settings of this test are wrong')
  const { config } = loaded
  const quiet = { metrics: silentMetrics(), log: silentLog, clock: systemClock }
  return { config, settings: () => config, panels: [], ...quiet }
}

const names = readdirSync(RECORDINGS)

test.each(names)('%s comes out as it was recorded', async name => {
  const { readings, differing, first } = await checkRecording(join(RECORDINGS, name), parts())
  expect({ differing, first }, RENEW).toEqual({ differing: 0, first: null })
  expect(readings).toBeGreaterThan(1)
})

/** The demo's recording of another version, with a member that this one does not know. */
function ofVersion(version: string): string {
  const text = readFileSync(join(RECORDINGS, 'demo.g6rec'), 'utf8')
  return text.replace(/"version":"[^"]*"/, `"version":"${version}","later":1`)
}

/** With two boards that are not those of this version. */
function outdated(): string {
  const otherHash = (line: string): string => line.replace(/("panels":{"[^"]+":")[0-9a-f]{4}/, '$1zzzz')
  return ofVersion('0.0.1')
    .split('\n')
    .map((line, i) => (i === 1 || i === 4 ? otherHash(line) : line))
    .join('\n')
}

test('a recording that differs is renewed, packed or not, and nothing else in it changes', async () => {
  const [plain, zipped] = [join(folder, 'plain.g6rec'), join(folder, 'packed.g6rec')]
  writeFileSync(plain, outdated(), { mode: 0o640 })
  writeFileSync(zipped, gzipSync(outdated()), { mode: 0o600 })
  expect(await checkRecording(plain, parts())).toMatchObject({ version: '0.0.1', differing: 2 })
  expect([await renewRecording(plain, parts()), await renewRecording(zipped, parts())]).toEqual([2, 2])
  const renewed = ofVersion(VERSION)
  expect(readFileSync(plain, 'utf8')).toBe(renewed)
  expect(gunzipSync(readFileSync(zipped)).toString()).toBe(renewed)
  expect([plain, zipped].map(path => statSync(path).mode & 0o777)).toEqual([0o640, 0o600])
  expect(readdirSync(folder).sort()).toEqual(['packed.g6rec', 'plain.g6rec'])
})

test('a recording of another version whose boards are the same passes, and is not touched; nor is a damaged one', async () => {
  const [same, damaged] = [join(folder, 'same.g6rec'), join(folder, 'damaged.g6rec')]
  writeFileSync(same, ofVersion('9.9.9'))
  expect(await checkRecording(same, parts())).toMatchObject({ version: '9.9.9', differing: 0 })
  expect(await renewRecording(same, parts())).toBe(0)
  expect(readFileSync(same, 'utf8')).toBe(ofVersion('9.9.9'))
  writeFileSync(damaged, `${outdated()}{"at":1}\n`)
  await expect(renewRecording(damaged, parts())).rejects.toThrow('is damaged')
  expect(readFileSync(damaged, 'utf8')).toBe(`${outdated()}{"at":1}\n`)
})
