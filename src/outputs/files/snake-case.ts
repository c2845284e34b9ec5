// Members under the names that documents use: `startedAtMs` becomes `started_at_ms`.

/** The names of members, at any depth, whose values are maps by names that are not ours (of indices, metrics, components). */
export type MapMembers<T> = T extends readonly (infer Item)[]
  ? MapMembers<Item>
  : T extends object
    ? { [Name in keyof T & string]: MapMemberAt<Name, NonNullable<T[Name]>> }[keyof T & string]
    : never

type MapMemberAt<Name, Value> = Value extends readonly (infer Item)[]
  ? MapMembers<Item>
  : Value extends object
    ? string extends keyof Value
      ? Name
      : MapMembers<Value>
    : never

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** A copy with all members so named; a value under one of `maps` is taken as it is. */
export function snakeMembers(value: object, maps: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  const renamed = (member: unknown): unknown => {
    if (Array.isArray(member)) return member.map(renamed)
    return typeof member === 'object' && member !== null ? snakeMembers(member, maps) : member
  }
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    snakeCase(name),
    maps.has(name) ? member : renamed(member),
  ])
  return Object.fromEntries(entries)
}
