// The sender of a target.
import { hash } from 'node:crypto'
import type { NotifyTarget } from '../../config/notify-targets.js'
import type { Sender } from '../delivery.js'
import { createExecSender } from './exec.js'
import { readLine } from './read-text.js'
import { createSmtpSender } from './smtp.js'
import { createWebSender } from './web.js'

export type SenderParts = {
  readonly userAgent: string
  readonly nowMs: () => number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onErrors: (command: string, errors: string) => void
  readonly timeoutMs?: number
}

/** A receiver may think this long. */
const TIMEOUT_MS = 10_000

/** Names a target in the outbox: the same after a restart, and another one where it sends elsewhere. */
export function targetId(target: NotifyTarget): string {
  return `${target.kind}-${hash('sha256', JSON.stringify(target)).slice(0, 16)}`
}

export function createSender(target: NotifyTarget, parts: SenderParts): Sender {
  const { timeoutMs = TIMEOUT_MS, env, onErrors } = parts
  switch (target.kind) {
    case 'webhook':
    case 'ntfy':
      return createWebSender({ ...parts, target, read: readLine, timeoutMs })
    case 'exec':
      return createExecSender({ target, env, onErrors })
    case 'smtp':
      return createSmtpSender({ target, read: readLine, timeoutMs })
  }
}
