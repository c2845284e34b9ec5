// Commands that need a checkout: their code is in tools/, which the published package leaves out.
import { existsSync } from 'node:fs'
import { Command } from 'commander'

const TOOLS = new URL('../../tools', import.meta.url)

/** The command that `load` makes; without tools/ a command of that name that says in one sentence what it needs, and fails. */
export async function fromCheckout(
  name: string,
  load: () => Promise<Command>,
  tools: URL = TOOLS,
): Promise<Command> {
  if (existsSync(tools)) return load()
  const command = new Command(name)
    .description('Needs a checkout of the repository')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
  return command.action(() => {
    const parent = command.parent?.name() ?? 'g6'
    const call = parent === 'g6' ? `g6 ${name}` : `g6 ${parent} ${name}`
    throw new Error(`${call} needs a checkout: clone the repository, run npm ci in it, then npx ${call}`)
  })
}
