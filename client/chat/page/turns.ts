// Questions and answers of this tab, kept across a reload: questions, stream ids, and the text of ended answers. Limited in
// number; nothing leaves the tab.

export type Turn = {
  readonly question: string
  readonly streamId: string | null
  /** Null: it has not ended yet. */
  readonly answer: string | null
}

/** Kept, and sent as history. */
const MAX_TURNS = 20

function isTurn(value: unknown): value is Turn {
  if (typeof value !== 'object' || value === null) return false
  const { question, streamId, answer } = value as Readonly<Record<string, unknown>>
  const isTextOrNull = (each: unknown): boolean => each === null || typeof each === 'string'
  return typeof question === 'string' && isTextOrNull(streamId) && isTextOrNull(answer)
}

export function loadTurns(storage: Storage, key: string): readonly Turn[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(key) ?? '[]')
    return Array.isArray(value) ? value.filter(isTurn).slice(-MAX_TURNS) : []
  } catch {
    return [] // of another version: start with an empty conversation
  }
}

/** False: the browser refuses to store it. */
export function saveTurns(storage: Storage, key: string, turns: readonly Turn[]): boolean {
  try {
    storage.setItem(key, JSON.stringify(turns.slice(-MAX_TURNS)))
    return true
  } catch {
    return false
  }
}

export function historyOf(turns: readonly Turn[]) {
  return turns.flatMap(({ question, answer }) =>
    answer === null || answer === ''
      ? []
      : ([
          { role: 'user', content: question },
          { role: 'assistant', content: answer },
        ] as const),
  )
}
