// What a source tells, in order; the test waits for the next reading that it is after.
import type { Source } from '../../src/engine/source.js'
import type { BadReading, GoodReading, Reading } from '../../src/snapshot/reading.js'

export class Readings {
  readonly all: Reading[] = []
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(readonly source: Source) {
    source.start(reading => {
      this.all.push(reading)
      for (const look of [...this.#waiting]) look()
    })
  }

  /** The next one that has not been taken. */
  async next(): Promise<Reading> {
    const at = this.#taken++
    await this.#until(() => this.all.length > at)
    const reading = this.all[at]
    if (reading === undefined) throw new Error('no reading')
    return reading
  }

  async good(): Promise<GoodReading> {
    const reading = await this.next()
    if (!reading.ok) throw new Error(`${reading.error}: ${reading.message}`)
    return reading
  }

  async bad(): Promise<BadReading> {
    const reading = await this.next()
    if (reading.ok) throw new Error(`it was read: ${JSON.stringify(reading.status)}`)
    return reading
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!holds()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}
