import { Command } from 'commander'
import { expect, test } from 'vitest'
import { BENCHES } from '../../tools/cli/bench.js'
import { benchCommand } from './bench.js'
import { fromCheckout } from './checkout.js'

const NOWHERE = new URL('./no-such-folder', import.meta.url)
const never = (): Promise<Command> => Promise.reject(new Error('loaded without a checkout'))

test('a command whose code is in tools/ is loaded in a checkout', async () => {
  const here = new URL('.', import.meta.url)
  const made = await fromCheckout('docs', () => Promise.resolve(new Command('docs')), here)
  expect(made.name()).toBe('docs')
})

test.each([
  ['g6', 'docs', 'g6 docs'],
  ['bench', 'web', 'g6 bench web'],
])(
  'without one it says in a sentence what it needs, whatever its options: %s %s',
  async (parent, name, call) => {
    const group = new Command(parent).addCommand(await fromCheckout(name, never, NOWHERE))
    await expect(group.parseAsync([name, '--check', 'x'], { from: 'user' })).rejects.toThrow(
      `${call} needs a checkout: clone the repository, run npm ci in it, then npx ${call}`,
    )
  },
)

test('g6 bench has every benchmark of bench/ and tools/, each once', async () => {
  const names = (await benchCommand()).commands.map(command => command.name())
  expect(names.toSorted()).toEqual(
    ['chat', 'cycle', 'fanout', 'fleet', 'gateway', 'history', 'sse', ...Object.keys(BENCHES)].toSorted(),
  )
})
