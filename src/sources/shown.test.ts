import { expect, test } from 'vitest'
import { type SourceSpec, sourceTable } from './declared.js'
import { sourceLine } from './shown.js'
import { parseSourceSpec } from './spec.js'

test.each([
  ['data/s.json', 'file data/s.json'],
  ['es=json:https://es:9200/_cluster/health?token=secret', 'es: JSON from https://es:9200 every 5s'],
  ['http://h:1/events?token=secret', 'status stream of http://h:1'],
  ['http://h:1/x?token=secret', 'board of http://h:1'],
  ['log=stdin:', 'log: standard input'],
  ['stdin:json', 'standard input, json'],
  ['push:jobs', 'pushes to /push/jobs'],
  ['replay:a.ndjson', 'replay of a.ndjson'],
])('%s', (word, wanted) => {
  expect(sourceLine(parseSourceSpec(word))).toBe(wanted)
})

test.each<readonly [object, string]>([
  [{ exec: ['kubectl', '--token', 'secret'], every: '1500ms' }, 'command kubectl every 1500ms'],
  [{ prometheus: 'http://p/secret', query: 'secret', every: '2m' }, 'Prometheus at http://p every 2m'],
  [{ push: 'a', token: { env: 'T' }, expect: '36h' }, 'pushes to /push/a, expected every 36h'],
])('%j', (table, wanted) => {
  const spec: SourceSpec = sourceTable.parse(table)
  expect(sourceLine(spec)).toBe(wanted)
})
