// Figures with a limit, and which of them are over it.

export type Figure = {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly unit?: string
  /** The value must be at least the limit; otherwise at most. */
  readonly isLeast?: boolean
}

export const shown = (value: number): string => String(Number(value.toFixed(2)))

export const isWithin = ({ value, limit, isLeast = false }: Figure): boolean =>
  isLeast ? value >= limit : value <= limit

/** A sentence for each figure beyond its limit. */
export function complaintsOf(figures: readonly Figure[]): readonly string[] {
  return figures
    .filter(figure => !isWithin(figure))
    .map(({ name, value, limit, unit = '' }) => {
      const behind = unit === '' ? '' : ` ${unit}`
      return `${name}: ${shown(value)}${behind}, the limit is ${limit}${behind}`
    })
}
