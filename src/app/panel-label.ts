// Panels as labels of metrics: an automatic board may have any keys, and each label is a series for ever.
import type { Metrics } from '../metrics/metrics.js'
import { PANELS } from '../panels/registry.js'

/** Keys outside the registry that are labels of their own. */
const MAX_OWN = 64
const AUTO = 'auto'

const FIXED: ReadonlySet<string> = new Set(PANELS.map(({ key }) => key))
const labels = new WeakMap<Metrics, (key: string) => string>()

function createLabel(): (key: string) => string {
  const own = new Set<string>()
  return key => {
    if (FIXED.has(key) || own.has(key)) return key
    if (own.size === MAX_OWN) return AUTO
    own.add(key)
    return key
  }
}

/** The label of a panel's key: `auto` once 64 keys that are not in the registry were seen; the same for all metrics of a program. */
export function panelLabel(metrics: Metrics): (key: string) => string {
  const known = labels.get(metrics)
  if (known !== undefined) return known
  const made = createLabel()
  labels.set(metrics, made)
  return made
}
