// Parsers for the arguments of all commands; their errors say what is allowed. (Settings given as flags are parsed by their
// declarations in src/config.)
import { InvalidArgumentError } from 'commander'

/** A number with or without decimals; `high` may be infinity. */
export function number(low: number, high: number = Number.POSITIVE_INFINITY): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() !== '' && value >= low && value <= high && Number.isFinite(value)) return value
    throw new InvalidArgumentError(`allowed: a number ${rangeText(low, high)}`)
  }
}

export function whole(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value
    throw new InvalidArgumentError(`allowed: a whole number ${rangeText(low, high)}`)
  }
}

export function oneOf<T>(allowed: readonly T[]): (text: string) => T {
  return text => {
    const found = allowed.find(each => String(each) === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`allowed: ${allowed.join(', ')}`)
  }
}

function rangeText(low: number, high: number): string {
  return high >= Number.MAX_SAFE_INTEGER ? `from ${low} up` : `from ${low} to ${high}`
}
