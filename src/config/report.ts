// The output of `g6 config` and `g6 config check`.
import { type Origin, originText } from './layers.js'
import type { Loaded, LoadResult } from './load.js'
import { GROUPS, SETTINGS } from './settings.js'
import { jsonOf, measuredText, printable } from './show.js'

export type ReportOptions = {
  readonly json: boolean
  /** Only this group; null = all. */
  readonly group: string | null
  /** Only what is not at its default. */
  readonly changed: boolean
  /** The sources that a flag names, without secrets. */
  readonly sources?: readonly string[]
}

export type Report = { readonly text: string; readonly ok: boolean }

/** Every setting with its value and where it came from, secrets masked; or the errors. */
export function configReport(result: LoadResult, options: ReportOptions): Report {
  const { group } = options
  if (group !== null && GROUPS.every(g => g.name !== group)) {
    const names = GROUPS.map(g => g.name).join(', ')
    const message = `${printable(JSON.stringify(group))} is not a group; allowed: ${names}`
    return {
      text: options.json ? json({ ok: false, errors: [{ name: 'group', message }] }) : `${message}\n`,
      ok: false,
    }
  }
  if (!result.ok) return checkReport(result, options.json)
  return { text: options.json ? listingJson(result, options) : listing(result, options), ok: true }
}

/** All errors and warnings in readable lines, or as JSON. */
export function checkReport(result: LoadResult, asJson: boolean): Report {
  const { ok, warnings } = result
  const errors = result.ok ? [] : result.errors
  if (asJson) return { ok, text: json({ ok, errors, warnings }) }
  const lines = [
    ...errors.map(e => `error: ${e.message}`),
    ...warnings.map(w => `warning: ${w.message}`),
    ok
      ? `settings are usable${counted(warnings.length, 'warning')}`
      : `settings cannot be used${counted(errors.length, 'error')}`,
  ]
  return { ok, text: `${lines.join('\n')}\n` }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const counted = (count: number, what: string): string =>
  count === 0 ? '' : ` (${count} ${what}${count === 1 ? '' : 's'})`

type Row = (typeof SETTINGS)[number] & { readonly origin: Origin; readonly value: unknown }

const rowsOf = ({ config, provenance }: Loaded, { group, changed }: ReportOptions): readonly Row[] =>
  SETTINGS.filter(s => group === null || s.group === group)
    .map(s => ({ ...s, origin: provenance[s.key], value: config[s.key] }))
    .filter(row => !changed || row.origin.from !== 'default')

function listingJson(result: Loaded, options: ReportOptions): string {
  const settings = rowsOf(result, options).map(({ name, key, group, setting, origin, value }) => ({
    name,
    property: key,
    group,
    value: jsonOf(setting, value),
    default: jsonOf(setting, setting.default),
    unit: setting.unit,
    origin,
    secret: setting.secret,
    reload: setting.reload,
  }))
  const { sources } = options
  const more = sources === undefined ? {} : { sources }
  const { warnings, deprecatedSeen } = result
  return json({ ok: true, settings, ...more, warnings, deprecated_seen: deprecatedSeen })
}

function listing(result: Loaded, options: ReportOptions): string {
  const rows = rowsOf(result, options)
  const nameWidth = Math.max(0, ...rows.map(r => r.name.length))
  const lineOf = ({ name, setting, origin, value }: Row): string => {
    const isUnset = origin.from === 'default' && value === null && setting.defaultText !== null
    const text = isUnset ? `(${setting.defaultText})` : measuredText(setting, value)
    return `${setting.reload ? '*' : ' '} ${name.padEnd(nameWidth)}  ${text.padEnd(24)}  ${originText(origin)}`
  }
  const blocks = GROUPS.flatMap(({ name, about }) => {
    const own = rows.filter(r => r.group === name)
    return own.length === 0 ? [] : [[`${name}: ${about}`, ...own.map(lineOf)].join('\n')]
  })
  const { sources = [] } = options
  if (sources.length > 0)
    blocks.push(
      ['sources: Instead of what the settings name.', ...sources.map(line => `  ${line}`)].join('\n'),
    )
  const end = [
    ...result.warnings.map(w => `warning: ${w.message}`),
    rows.length === 0 ? 'every setting has its default' : '* = read again on SIGHUP',
  ]
  return `${[...blocks, end.join('\n')].join('\n\n')}\n`
}
