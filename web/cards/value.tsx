// The value of a field or cell: the number, and its unit, quiet. A link if it is an http or https address.
import type { NumberText } from '../../src/display/number-text.js'
import { LinkedText } from './linked-text.jsx'

export function Value({ shown: { number, unit } }: { readonly shown: NumberText }) {
  return (
    <span>
      <LinkedText text={number} />
      {unit === '' ? null : <span class="u"> {unit}</span>}
    </span>
  )
}
