// Names found in use that should no longer be: retired ones, which do nothing, and deprecated ones, which still work.
import type { Finding } from './finding.js'
import type { Layer } from './layers.js'
import { spotOf } from './provenance.js'
import { RETIRED } from './retired.js'
import { SETTINGS } from './settings.js'

type Outdated = { readonly name: string; readonly sentence: string }

const OUTDATED: readonly Outdated[] = [
  ...RETIRED.map(r => ({ name: r.name, sentence: `is retired and ignored: ${r.replacement}` })),
  ...SETTINGS.flatMap(({ name, setting }) => [
    { name: name as string, deprecated: setting.deprecated },
    ...setting.aliases,
  ]).flatMap(({ name, deprecated }) =>
    deprecated === null ? [] : [{ name, sentence: `is deprecated: ${deprecated}` }],
  ),
]

/** One finding for each outdated name that is set anywhere. */
export function deprecationsIn(layers: readonly Layer[]): readonly Finding[] {
  return OUTDATED.flatMap(({ name, sentence }) => {
    const entry = layers.find(l => l.has(name))?.get(name)
    if (entry === undefined) return []
    const spot = spotOf(entry.origin)
    return [{ name, message: `${name}${spot === name ? '' : ` (${spot})`} ${sentence}` }]
  })
}
