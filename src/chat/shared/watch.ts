// Which writers are dead: by progress of their beats, and not by clocks. Pure.
type Seen = { readonly beat: string | null; readonly stillMs: number }

export class WriterWatch {
  readonly #deadMs: number
  readonly #longestStepMs: number
  #seen: ReadonlyMap<string, Seen> = new Map()
  #atMs: number | null = null

  constructor({ deadMs, longestStepMs }: { readonly deadMs: number; readonly longestStepMs: number }) {
    this.#deadMs = deadMs
    this.#longestStepMs = longestStepMs
  }

  /** Redis answered with these beats; `asked`: nodes that may be missing there. */
  observe(beats: ReadonlyMap<string, string>, asked: Iterable<string>, nowMs: number): void {
    const stepMs = Math.min(nowMs - (this.#atMs ?? nowMs), this.#longestStepMs)
    this.#atMs = nowMs
    const seen = new Map<string, Seen>()
    for (const node of new Set([...beats.keys(), ...asked])) {
      const beat = beats.get(node) ?? null
      const before = this.#seen.get(node)
      seen.set(node, { beat, stillMs: before?.beat === beat ? before.stillMs + stepMs : 0 })
    }
    this.#seen = seen
  }

  isDead(node: string): boolean {
    return (this.#seen.get(node)?.stillMs ?? 0) >= this.#deadMs
  }

  get dead(): readonly string[] {
    return [...this.#seen.keys()].filter(node => this.isDead(node))
  }

  /** Null: none. */
  get firstAlive(): string | null {
    return [...this.#seen.keys()].filter(node => !this.isDead(node)).sort()[0] ?? null
  }
}
