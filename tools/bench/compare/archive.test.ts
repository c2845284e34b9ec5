// The archive: dated reports that can be read, name no place on a machine, and are quoted in the docs.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { capacityTable } from './capacity.js'
import { compareReports } from './compare.js'
import { newestArchived, readReport } from './reading.js'

const folder = fileURLToPath(new URL('../../../bench/archive', import.meta.url))
const files = readdirSync(folder).map(name => `${folder}/${name}`)

test.each(files)('%s is dated as it is named, compares with itself as equal, and holds no path', file => {
  const report = readReport(file)
  expect(file).toMatch(new RegExp(`/${report.date.slice(0, 10)}-${report.bench}\\.json$`))
  // A round may be better than the median, so with itself nothing is worse.
  expect(compareReports(report, report).worse).toBe(0)
  expect(readFileSync(file, 'utf8')).not.toMatch(/"[^"]*\/(home|root|tmp|usr|var|Users)\//)
})

test('the capacity table of docs/benchmarks.md is that of the newest report (g6 bench capacity prints it)', () => {
  const docs = readFileSync(new URL('../../../docs/benchmarks.md', import.meta.url), 'utf8')
  expect(docs).toContain(capacityTable(readReport(newestArchived(folder, 'fanout'))))
})

test('names a bench without a report and a file that is not a report', () => {
  expect(() => newestArchived(fileURLToPath(new URL('.', import.meta.url)), 'soak')).toThrow(
    'no archived soak report in',
  )
  expect(() => readReport(fileURLToPath(import.meta.url))).toThrow('archive.test.ts')
})

test('a report without figures by readers has no capacity table', () => {
  const report = { ...readReport(newestArchived(folder, 'fanout')), rows: [] }
  expect(() => capacityTable(report)).toThrow('no figures by readers')
})
