// How a client works with its runner: it prints READY, waits for a line on standard input, and answers with a line of JSON.

/** The end of the input instead of a line means that the run is off. */
export async function runWhenAsked(run: () => Promise<object>): Promise<void> {
  process.stdout.write('READY\n')
  const isAsked = await new Promise<boolean>(resolve => {
    process.stdin.once('data', () => resolve(true))
    process.stdin.once('end', () => resolve(false))
  })
  if (isAsked) process.stdout.write(`${JSON.stringify(await run())}\n`)
}
