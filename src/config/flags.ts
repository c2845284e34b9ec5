// Command-line flags, made from the declarations.
import { type Command, Option } from 'commander'
import { SETTINGS_FILE } from './from-process.js'
import type { Flags } from './layers.js'
import { type KindName, secretFileNameOf } from './setting.js'
import { type Named, SETTINGS, type SettingName } from './settings.js'
import { measuredText } from './show.js'

/** The placeholder of the value in `--help`. */
const PLACEHOLDERS: Readonly<Partial<Record<KindName, string>>> = {
  bool: '',
  int: ' <n>',
  number: ' <n>',
  port: ' <port>',
  path: ' <path>',
  host: ' <address>',
  choice: ' <word>',
  timezone: ' <zone>',
  secret: ' <path>',
}

type Flagged = { readonly named: Named; readonly option: Option }

/** Options store values, so each command gets its own. */
const flagged = (textOf?: (named: Named) => string): readonly Flagged[] =>
  SETTINGS.flatMap(named => {
    const { flag, kind } = named.setting
    if (flag === null) return []
    return [{ named, option: new Option(`${flag}${PLACEHOLDERS[kind] ?? ' <value>'}`, textOf?.(named)) }]
  })

function help({ name, setting }: Named): string {
  const sentence = setting.about.replace(/\.$/, '')
  if (setting.secret) return `${sentence}; read from this file (${secretFileNameOf(name)})`
  if (setting.kind === 'bool') return `${sentence} (${name})`
  return `${sentence} (default ${setting.defaultText ?? measuredText(setting, setting.default)}; ${name})`
}

/** Adds `--config` and the flags of the named settings (all that have one unless named) to a command. */
export function settingFlags(command: Command, names?: readonly SettingName[]): Command {
  command.option('--config <path>', `The settings file (default ./${SETTINGS_FILE}, where there is one)`)
  for (const { named, option } of flagged(help)) {
    if (names === undefined || names.includes(named.name)) command.addOption(option)
  }
  return command
}

export type GivenFlags = { readonly flags: Flags; readonly configPath: string | null }

/** The values that were really given on the command line, to a command or to a parent of it. */
export function givenFlags(command: Command): GivenFlags {
  const flags = flagged().flatMap(({ named, option }): [string, string | boolean][] => {
    const { name, setting } = named
    const value = givenValue(command, option.attributeName())
    if (value === undefined) return []
    // The flag of a switch turns it on, also `--no-write-panels`, which is G6_NO_WRITE_PANELS.
    if (setting.kind === 'bool') return [[name, true]]
    return [[setting.secret ? secretFileNameOf(name) : name, String(value)]]
  })
  const configPath = givenValue(command, 'config')
  return {
    flags: Object.fromEntries(flags),
    configPath: configPath === undefined ? null : String(configPath),
  }
}

function givenValue(command: Command, attribute: string): unknown {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    if (at.getOptionValueSource(attribute) === 'cli') return at.getOptionValue(attribute)
  }
  return undefined
}
