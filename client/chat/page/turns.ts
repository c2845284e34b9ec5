// What was asked and answered in this tab, kept over a reload: questions, the ids of answers, and the text of those that
// have ended. Bounded; nothing of it leaves the tab.

export type Turn = {
  readonly question: string
  readonly streamId: string | null
  /** Null: it has not ended yet. */
  readonly answer: string | null
}

const KEY = 'g6-chat-turns'
/** What is kept, and sent as history. */
const MAX_TURNS = 20

function isTurn(value: unknown): value is Turn {
  if (typeof value !== 'object' || value === null) return false
  const { question, streamId, answer } = value as Readonly<Record<string, unknown>>
  const isTextOrNull = (each: unknown): boolean => each === null || typeof each === 'string'
  return typeof question === 'string' && isTextOrNull(streamId) && isTextOrNull(answer)
}

export function loadTurns(storage: Storage): readonly Turn[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? '[]')
    return Array.isArray(value) ? value.filter(isTurn).slice(-MAX_TURNS) : []
  } catch {
    return [] // of another version; a conversation begins anew
  }
}

/** False: the browser keeps nothing. */
export function saveTurns(storage: Storage, turns: readonly Turn[]): boolean {
  try {
    storage.setItem(KEY, JSON.stringify(turns.slice(-MAX_TURNS)))
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
