// What is to be said about settings: one name, one sentence. It never holds anything of a secret.

export type Finding = {
  /** The setting, the name or the file it is about. */
  readonly name: string
  /** A whole sentence that names what was wrong and what is allowed. */
  readonly message: string
}
