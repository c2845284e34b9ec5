// Limits label values: values outside a fixed list, or above the limit of an open label, become `other`.
import type { LabelRules } from './declare.js'

export const OTHER = 'other'

export type LabelValues = Readonly<Record<string, string>>

/** Returns the labels to record; the same object when all values are allowed. */
export type Fold = (labels: LabelValues) => LabelValues

function admit(rule: LabelRules[string]): (value: string) => boolean {
  if (!('atMost' in rule)) {
    const allowed = new Set(rule)
    return value => allowed.has(value)
  }
  const seen = new Set<string>()
  return value => {
    if (seen.has(value)) return true
    if (seen.size >= rule.atMost) return false
    seen.add(value)
    return true
  }
}

export function createFold(rules: LabelRules): Fold {
  const admits = Object.entries(rules).map(([name, rule]) => ({ name, admitted: admit(rule) }))
  return labels => {
    let folded: Record<string, string> | null = null
    for (const { name, admitted } of admits) {
      if (admitted(labels[name] ?? '')) continue
      folded ??= { ...labels }
      folded[name] = OTHER
    }
    return folded ?? labels
  }
}

/** Every label set of a metric whose single label has a fixed list: these exist, at 0, from the start. */
export function fixedLabelSets(rules: LabelRules): readonly LabelValues[] {
  const [only, ...rest] = Object.entries(rules)
  if (only === undefined || rest.length > 0) return []
  const [name, rule] = only
  return 'atMost' in rule ? [] : rule.map(value => ({ [name]: value }))
}
