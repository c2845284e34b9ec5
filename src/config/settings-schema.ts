// docs/reference/g6.schema.json: the settings file as JSON Schema 2020-12, for editors that complete and check TOML.
import { dynamicPrefixOf, fileKeyOf, secretFileNameOf } from './names.js'
import type { JsonSchema } from './setting.js'
import { type Named, SETTINGS } from './settings.js'

/** The whole schema. What it accepts, the program can use (pairs that belong together and addresses apart). */
export function settingsSchema(): JsonSchema {
  const [many, single] = [SETTINGS.filter(isOfMany), SETTINGS.filter(s => !isOfMany(s))]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'G6 Stream settings file',
    type: 'object',
    properties: Object.fromEntries(single.flatMap(propertiesOf)),
    patternProperties: Object.fromEntries(many.map(s => [patternOf(s), described(s)])),
    additionalProperties: false,
  }
}

const isOfMany = ({ name }: Named): boolean => dynamicPrefixOf(name) !== null

const patternOf = ({ name }: Named): string => `^${fileKeyOf(dynamicPrefixOf(name) ?? name)}[a-z0-9_]+$`

const described = ({ setting }: Named): JsonSchema => ({
  description: setting.about,
  ...setting.schema,
  ...(setting.deprecated !== null && { deprecated: true }),
})

/** The setting's own key last, so that it stands where another name has the same key. */
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

/** Defaults that a person could write in the file just so. */
const isPlain = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value)
