// The rules of notifications that are in force in a program. What carries them out (notify.ts) is loaded with the first rule.
import type { NotifyRule } from '../config/notify-tables.js'
import type { Output } from '../engine/cycle.js'
import type { NotifyDesk } from '../http/routes/notify.js'
import type { Notify, NotifyParts } from './notify.js'

export class RulesInForce {
  /** Null until there was a rule. */
  #notify: Notify | null = null
  #rules: readonly NotifyRule[] = []
  #isStopped = false

  constructor(private readonly parts: Omit<NotifyParts, 'rules'>) {}

  /** From the next `apply` on. */
  set(rules: readonly NotifyRule[]): void {
    this.#rules = rules
  }

  async apply(): Promise<void> {
    const rules = this.#rules
    if (this.#notify !== null) this.#notify.setRules(rules)
    else if (rules.length > 0) {
      const { createNotify } = await import('./notify.js')
      const made = await createNotify({ ...this.parts, rules })
      // It was stopped meanwhile.
      if (this.#isStopped) await made.stop()
      else this.#notify = made
    }
  }

  /** Null while there is no rule. */
  get desk(): NotifyDesk | null {
    return this.#notify?.desk ?? null
  }

  /** Steps the rules once a cycle. */
  readonly output: Output = {
    name: 'notify',
    publish: result => this.#notify?.take(result),
    close: () => Promise.resolve(),
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#notify?.stop()
  }
}
