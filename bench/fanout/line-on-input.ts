// A client's word to begin: one line on its standard input.

/** True for a line, false for the end of input. */
export function lineOnInput(): Promise<boolean> {
  return new Promise(resolve => {
    process.stdin.once('data', () => resolve(true))
    process.stdin.once('end', () => resolve(false))
  })
}
