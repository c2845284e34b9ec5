// The reference of the settings, made from their declarations: docs/reference/settings.md for people, docs/reference/g6.schema.json
// (JSON Schema 2020-12 of the settings file) for editors that complete and check TOML.
import { SETTINGS_FILE } from './from-process.js'
import { FILE_TABLE, tableKeys } from './known-names.js'
import { dynamicPrefixOf, fileKeyOf, type JsonSchema, secretFileNameOf } from './setting.js'
import { GROUPS, type Named, SETTINGS } from './settings.js'
import { measuredText } from './show.js'

const HEAD = `# Settings

<!-- Made from the declarations in src/config/groups; written by \`g6 docs --write\`. -->

Precedence: flag > environment > settings file > default. The settings file is the one \`--config\` names, else
\`./${SETTINGS_FILE}\` where there is one; a key is the setting's name in lower case without \`G6_\`
(\`sse_max_connections = 200\`), lists may be arrays. Its JSON Schema is [g6.schema.json](g6.schema.json).

- On and off are \`1\`, \`true\`, \`yes\`, \`on\` and \`0\`, \`false\`, \`no\`, \`off\`, in any case. Empty means unset.
- A value that cannot be used is an error at start that names the setting, the value and what is allowed. With
  \`G6_CONFIG_LENIENT=1\` it is a warning and the default is taken; never for secrets and allow lists.
- A secret may be in a file: \`NAME_FILE\` names it (a newline at its end is dropped). A secret's flag names a file too.
- An unknown \`G6_*\` variable gives a warning, an unknown key in the settings file is an error.
- ↻ = read again on SIGHUP, from the settings file and from secrets' files; the others take effect at the next start.

\`g6 config\` shows every value and where it came from, \`g6 config check\` what is wrong.
`

export function settingsPage(): string {
  const sections = GROUPS.map(({ name, about }) => {
    const rows = SETTINGS.filter(s => s.group === name).map(rowOf)
    return `## ${name}\n\n${about}\n\n| Setting | Default | Allowed | What it does |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return [HEAD, ...sections].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

function rowOf({ name, setting }: Named): string {
  const others = [
    setting.flag === null ? [] : [`flag \`${setting.flag}\``],
    [`file \`${fileKeyOf(name)}\``],
    setting.secret ? [`or \`${secretFileNameOf(name)}\``] : [],
    setting.aliases.map(
      a => `also \`${a.name}\`${a.deprecated === null ? '' : ` (deprecated: ${a.deprecated})`}`,
    ),
  ].flat()
  const about = [setting.about, setting.deprecated === null ? [] : `Deprecated: ${setting.deprecated}.`]
    .flat()
    .join(' ')
  const byDefault = setting.defaultText ?? measuredText(setting, setting.default)
  const cells = [
    `\`${name}\`${setting.reload ? ' ↻' : ''}<br>${others.join(', ')}`,
    byDefault,
    setting.allowed,
    // A browser would take a placeholder in angle brackets for HTML.
    about.replaceAll('<NAME>', '`<NAME>`'),
  ]
  return `| ${cells.map(cell).join(' | ')} |`
}

/** The program can use what this accepts, but for addresses and for pairs that must be in order. */
export function settingsSchema(): JsonSchema {
  const [many, single] = [SETTINGS.filter(isOfMany), SETTINGS.filter(s => !isOfMany(s))]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'G6 Stream settings file',
    type: 'object',
    properties: { ...Object.fromEntries(single.flatMap(propertiesOf)), [FILE_TABLE]: tableSchema(single) },
    patternProperties: Object.fromEntries(many.map(s => [patternOf(s), described(s)])),
    additionalProperties: false,
  }
}

/** Its keys are those of the settings whose names begin with it. */
function tableSchema(settings: readonly Named[]): JsonSchema {
  const properties = tableKeys(settings.map(({ name }) => name)).flatMap(([key, name]) =>
    settings.filter(each => each.name === name).map(each => [key, described(each)] as const),
  )
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
}

const isOfMany = ({ name }: Named): boolean => dynamicPrefixOf(name) !== null

const patternOf = ({ name }: Named): string => `^${fileKeyOf(dynamicPrefixOf(name) ?? name)}[a-z0-9_]+$`

const described = ({ setting }: Named): JsonSchema => ({
  description: setting.about,
  ...setting.schema,
  ...(setting.deprecated !== null && { deprecated: true }),
})

/** The setting's own key last, so that it wins where an alias has the same key. */
function propertiesOf(named: Named): readonly (readonly [string, JsonSchema])[] {
  const { name, setting } = named
  const own = { ...described(named), ...(isPlain(setting.default) && { default: setting.default }) }
  const others = setting.aliases.map(
    a =>
      [
        fileKeyOf(a.name),
        { ...described(named), ...(a.deprecated !== null && { deprecated: true }) },
      ] as const,
  )
  const inFile = setting.secret ? [name, ...setting.aliases.map(a => a.name)] : []
  const files = inFile.map(
    n =>
      [
        fileKeyOf(secretFileNameOf(n)),
        { description: `The file that holds it: ${setting.about}`, type: 'string' },
      ] as const,
  )
  return [...others, ...files, [fileKeyOf(name), own]]
}

/** Defaults that the file can hold as they are. */
const isPlain = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value)
