import { describe, expect, test } from 'vitest'
import { loadConfig } from './load.js'
import { configReport } from './report.js'

const load = (text: string) =>
  loadConfig({
    env: {},
    file: { path: 'g6.toml', text },
    readSecretFile: path => {
      if (path === 'missing') throw Object.assign(new Error('no'), { code: 'ENOENT' })
      return path === 'empty' ? '\n' : 'secret'
    },
  })

const RULES = `
[[notify]]
when = "verdict != 'healthy'"
for = "2m"
repeat = "1h"
send = [
  { webhook = "https://hook.example/T0/B0/token", secret_file = "secret" },
  { webhook = { file = "url" }, format = "slack" },
  { ntfy = "https://ntfy.example/ops" },
  { exec = ["/usr/local/bin/page", "--"] },
  { smtp = "smtps://mail.example", from = "g6@example.org", to = ["ops@example.org"] },
]

[[notify]]
name = "es"
when = { silence = "60s", source = "es" }
send = [{ exec = ["/bin/true"] }]

[[mute]]
from = "22:00"
to = "06:00"
days = ["sat", "sun"]
reason = "weekend"
`

describe('the tables of notifications', () => {
  test('become rules and windows; none by default', () => {
    const result = load(RULES)
    if (!result.ok) throw new Error(JSON.stringify(result.errors))
    const { notify, mute } = result.config
    expect(notify).toMatchObject([
      {
        name: 'rule-1',
        when: { kind: 'expression', text: "verdict != 'healthy'" },
        forMs: 120_000,
        repeatMs: 3_600_000,
        send: [
          { kind: 'webhook', format: 'json', secretFile: 'secret' },
          { kind: 'webhook', url: { file: 'url' }, format: 'slack' },
          { kind: 'ntfy' },
          { kind: 'exec', timeoutMs: 10_000 },
          { kind: 'smtp', to: ['ops@example.org'] },
        ],
      },
      { name: 'es', when: { kind: 'silence', afterMs: 60_000, source: 'es' }, forMs: 0, repeatMs: null },
    ])
    expect(mute).toEqual([
      { fromMin: 1320, toMin: 360, days: ['sat', 'sun'], rules: null, reason: 'weekend' },
    ])
    const none = load('')
    expect(none.ok && [none.config.notify, none.config.mute]).toEqual([[], []])
  })

  test('show no more than names', () => {
    for (const json of [true, false]) {
      const { text } = configReport(load(RULES), { json, group: 'notify', changed: false })
      expect(text).toContain('rule-1')
      expect(text).not.toContain('token')
      expect(text).not.toContain('hook.example')
    }
  })

  const send = (target: string) => `[[notify]]\nwhen = "a"\nsend = [${target}]`
  test.each([
    [send('{ webhook = "ftp://a" }'), /entry 1: send\.0\.webhook: allowed: a URL beginning with http/],
    [send('{ webhook = "http://user:pw@a" }'), /without a user name/],
    [
      send('{ webhook = { file = "missing" } }'),
      /send\.0\.webhook: the file missing cannot be read \(ENOENT\)/,
    ],
    [send('{ webhook = "http://a", secret_file = "empty" }'), /secret_file: the file empty is empty/],
    [
      send('{ webhook = "http://a", ntfy = "http://b" }'),
      /allowed: a table with one of webhook, ntfy, exec, smtp/,
    ],
    [send('{ webhook = "http://a", to = ["a@b"] }'), /send\.0\.to: it changes nothing with webhook/],
    [send('{ webhook = "http://a", format = "telegram" }'), /send\.0\.chat: allowed/],
    [send('{ webhook = "http://a", format = "pagerduty" }'), /send\.0\.key_file: allowed/],
    [send('{ exec = "page" }'), /send\.0\.exec: allowed: a list/],
    [send('{ smtp = "smtp://a", from = "a@b" }'), /send\.0\.to: it is missing/],
    [send('{ smtp = "http://a", from = "a@b", to = ["a@b"] }'), /send\.0\.smtp: allowed: smtp:/],
    ['[[notify]]\nwhen = "a"', /send is missing; allowed: a list of tables/],
    ['[[notify]]\nwhen = 5\nsend = [{ exec = ["a"] }]', /when: allowed: an expression/],
    [`${send('{ exec = ["a"] }')}\nfor = "5"`, /for: allowed: a time with its unit/],
    [`${send('{ exec = ["a"] }')}\nname = "a b"`, /name: allowed: letters/],
    [`${send('{ exec = ["a"] }')}\nunit = 1`, /"unit" is not a key of it/],
    [
      `${send('{ exec = ["a"] }')}\nname = "rule-2"\n${send('{ exec = ["a"] }')}`,
      /another rule has this name/,
    ],
    ['[[mute]]\nfrom = "25:00"\nto = "06:00"', /from: allowed: a time of the day/],
    ['[[mute]]\nfrom = "05:00"\nto = "06:00"\ndays = ["sat", "someday"]', /days\.1: allowed: a list of mon/],
  ])('say what is wrong and what is allowed: %s', (text, message) => {
    const result = load(text)
    expect(result.ok ? [] : result.errors.map(each => each.message)).toEqual([expect.stringMatching(message)])
  })
})
