// One line of a file: an address or a secret. It is read for each message, so a new one is used at once.
import { open } from 'node:fs/promises'

export type ReadText = (path: string) => Promise<string>

const MAX_BYTES = 64 * 1024

class FileFault extends Error {
  override readonly name = 'FileFault'
}

export const readLine: ReadText = async path => {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, null)
    const text = buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\ufeff/, '')
      .trim()
    if (text === '' || /\p{Cc}/u.test(text)) throw new FileFault('it is not one line of text')
    return text
  } finally {
    await file.close()
  }
}
