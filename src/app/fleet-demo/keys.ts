// The keys of the demo of a fleet: pressed on a terminal, or as bytes of any standard input.
export type KeyInput = {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
  on(event: 'data', listener: (bytes: Buffer) => void): unknown
  off(event: 'data', listener: (bytes: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
}

const CTRL_C = '\u0003'

/** Calls back with each digit, `r`, and `end` for Ctrl+C; returns what gives the input back. */
export function demoKeys(input: KeyInput, onKey: (key: string) => void): () => void {
  const isTerminal = input.isTTY === true
  const onData = (bytes: Buffer): void => {
    for (const key of bytes.toString('latin1')) {
      if (key === CTRL_C) onKey('end')
      else if (/[1-9r]/.test(key)) onKey(key)
    }
  }
  if (isTerminal) input.setRawMode?.(true)
  input.on('data', onData)
  input.resume()
  return () => {
    input.off('data', onData)
    if (isTerminal) input.setRawMode?.(false)
    input.pause()
  }
}
