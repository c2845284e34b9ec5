// Why the audit trail cannot be used; the message says what to change.

export type AuditErrorCode =
  /** Another server writes this database. */
  | 'in_use'
  /** The key is not the one the records were written with. */
  | 'wrong_key'
  /** There is no database, or no key. */
  | 'missing'
  /** The thread that writes has ended. */
  | 'writer_ended'

export class AuditError extends Error {
  override readonly name = 'AuditError'
  constructor(
    readonly code: AuditErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/** The code of whatever was thrown, for logs: messages of others might quote what they were given. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
