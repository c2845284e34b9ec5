// The bytes of an upstream's body as text, cut anywhere, also inside a character.

/** Bytes of a character of several have this bit. */
const NOT_ASCII = 0x80

/** Takes the chunks in their order; what is no UTF-8 becomes U+FFFD, as the standard for event streams says. */
export function createUtf8Text(): (chunk: Buffer) => string {
  /** Made when it is needed; most answers do without it. */
  let decoder: InstanceType<typeof TextDecoder> | null = null
  /** The decoder holds nothing back: the last chunk ended with a whole character. */
  let isWhole = true
  return chunk => {
    const wasWhole = isWhole
    const last = chunk.at(-1)
    if (last !== undefined) isWhole = last < NOT_ASCII
    // Nearly every chunk ends with a line end; read by itself it takes a third of the time.
    if (wasWhole && isWhole) return chunk.toString('utf8')
    decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    return decoder.decode(chunk, { stream: true })
  }
}
