// Decodes the bytes of an upstream's body, which may be cut inside a character.

/** Set in every byte of a multi-byte character. */
const NOT_ASCII = 0x80

/** Takes the chunks in order; invalid UTF-8 becomes U+FFFD, as the standard for event streams says. */
export function createUtf8Text(): (chunk: Buffer) => string {
  /** Created when needed; most answers do without it. */
  let decoder: InstanceType<typeof TextDecoder> | null = null
  /** The last chunk ended with a whole character, so the decoder holds nothing back. */
  let isWhole = true
  return chunk => {
    const wasWhole = isWhole
    const last = chunk.at(-1)
    if (last !== undefined) isWhole = last < NOT_ASCII
    // Nearly every chunk ends with a line end; decoding it on its own takes a third of the time.
    if (wasWhole && isWhole) return chunk.toString('utf8')
    decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return decoder.decode(chunk, { stream: true })
  }
}
