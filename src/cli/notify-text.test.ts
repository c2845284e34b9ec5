import { expect, test } from 'vitest'
import { mutesText, rulesText, testText } from './notify-text.js'

const NOW = 1_000_000

test('rules are a line each, and what waits is the last one', () => {
  const rule = {
    name: 'down',
    condition: 'c',
    phase: 'open' as const,
    since: NOW - 120_000,
    reasons: ['a\u001b[2J'],
  }
  const idle = { ...rule, name: 'quiet', phase: 'idle' as const, since: null, reasons: [] }
  const text = rulesText(
    {
      schema_version: 'v1',
      rules: [
        { ...rule, acknowledged: true, muted_until: NOW + 60_000 },
        { ...idle, acknowledged: false, muted_until: null },
      ],
      mutes: [],
      outbox: { messages: 2, oldest_sec: 90 },
    },
    NOW,
  )
  expect(text).not.toContain('\u001b')
  expect(text.split('\n').map(line => line.split(/\s{2,}/))).toEqual([
    ['rule', 'state', 'for', 'muted for', 'about'],
    ['down', 'open, acknowledged', '2 min', '1 min', expect.stringContaining('a')],
    ['quiet', 'idle', '–', '–', 'c'],
    ['2 not delivered yet, the oldest for 1 min'],
    [''],
  ])
})

test('mutes are a line each, and so are the results of a test', () => {
  expect(mutesText([], NOW)).toBe('nothing is muted by hand\n')
  const mute = { id: 'ab', from: NOW, until: NOW + 1_800_000, reason: 'why', rules: ['x', 'y'] }
  expect(mutesText([mute], NOW).split('\n')[1]).toMatch(/^ab {2}30 min\s+x, y\s+why$/)
  const results = [
    { rule: 'a', target: 'exec page', ok: true, why: null },
    { rule: 'a', target: 'smtp mail', ok: false, why: 'status 451' },
  ]
  expect(testText(results)).toBe('a: exec page: taken\na: smtp mail: not taken (status 451)\n')
})
