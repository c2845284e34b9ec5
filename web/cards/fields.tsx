// Fields of a panel: a definition list.
import type { Field } from '../state/panels.js'
import { memo, useChanged } from './changed.js'
import { LinkedText } from './linked-text.jsx'

const Item = memo(({ item }: { readonly item: Field }) => {
  const changed = useChanged(item.text)
  return (
    <div>
      <dt>{item.label}</dt>
      <dd data-tone={item.tone} data-changed={changed}>
        <LinkedText text={item.text} />
      </dd>
    </div>
  )
})

export const Fields = memo(({ items }: { readonly items: readonly Field[] }) => {
  const seen = new Map<string, number>()
  return (
    <dl class="fields">
      {items.map(item => {
        const nth = seen.get(item.label) ?? 0
        seen.set(item.label, nth + 1)
        return <Item key={`${item.label} ${nth}`} item={item} />
      })}
    </dl>
  )
})
