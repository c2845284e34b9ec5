// Fields of a panel: label, trend, value. Labels are words; the key of the wire is their title.
import { ageText } from '../../src/display/age.js'
import { type GroupItem, groupFields } from '../../src/display/groups.js'
import { shownField } from '../../src/display/shown.js'
import { fieldFact } from '../plots/plottable.js'
import { numberFormat, shownNowMs } from '../state/clock.js'
import { type Field, MISSING, type Tone } from '../state/panels.js'
import { Trend } from '../trend/trend.jsx'
import { memo, useChanged } from './changed.js'
import { Value } from './value.jsx'

/** A longer text is below its label. */
const LONG_OVER_CH = 34
/** A number with its unit that is not broken. */
const SHORT_CH = 16

/** Good is plain ink, but for the dot of a word of state; what says nothing has no tone. */
function shownTone({ tone, value }: Field): Tone | undefined {
  if (tone === 'muted' || (tone === 'ok' && value !== undefined)) return undefined
  return tone
}

const isMoment = ({ unit }: Field): boolean => unit === 'time'

/** How long ago a moment was, as a tooltip: it changes without the panel. */
function momentTitle(item: Field): string | undefined {
  return isMoment(item) && item.value !== undefined ? ageText(item.value, shownNowMs.peek()) : undefined
}

type ItemProps = {
  readonly item: Field
  readonly panelKey: string
  readonly label: string
  readonly unit: string | null
  readonly wash: { readonly on: boolean }
}

const Item = memo(({ item, panelKey, label, unit, wash }: ItemProps) => {
  const shown = shownField(item, numberFormat.value, undefined, { label, unit })
  const changed = useChanged(item.text, wash)
  const isNumber = item.value !== undefined
  const tone = shownTone(item)
  return (
    <div
      data-label={item.label}
      data-tone={tone}
      data-number={(isNumber && item.text.length <= SHORT_CH) || undefined}
      data-long={(!isNumber && item.text.length > LONG_OVER_CH) || undefined}
    >
      <dt title={item.label}>{label}</dt>
      {item.fact === undefined || isMoment(item) ? null : (
        <dd class="trend-place" aria-hidden="true">
          <Trend id={fieldFact(panelKey, item.fact)} unit={item.unit} tone={tone} place="field" />
        </dd>
      )}
      <dd
        class={item.text === MISSING ? 'missing' : undefined}
        title={momentTitle(item)}
        data-changed={changed}
      >
        <Value shown={shown} />
      </dd>
    </div>
  )
})

/** One list of fields. */
export function FieldList(props: {
  readonly items: readonly GroupItem[]
  readonly panelKey: string
  readonly wash: { readonly on: boolean }
}) {
  const { items, panelKey, wash } = props
  const seen = new Map<string, number>()
  return (
    <dl class="fields">
      {items.map(({ field, label, unit }) => {
        const nth = seen.get(field.label) ?? 0
        seen.set(field.label, nth + 1)
        return (
          <Item
            key={`${field.label} ${nth}`}
            item={field}
            panelKey={panelKey}
            label={label}
            unit={unit}
            wash={wash}
          />
        )
      })}
    </dl>
  )
}

type Props = {
  readonly items: readonly Field[]
  readonly panelKey: string
  readonly wash: { readonly on: boolean }
}

export const Fields = memo(({ items, panelKey, wash }: Props) => (
  <>
    {groupFields(items, panelKey).map(({ title, items: grouped }) => (
      <div key={title} class="group">
        {title === null ? null : <h3 class="group-title">{title}</h3>}
        <FieldList items={grouped} panelKey={panelKey} wash={wash} />
      </div>
    ))}
  </>
))
