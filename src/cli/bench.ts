// `g6 bench`: what operators measure is in bench/ and in the package; the other benchmarks are in tools/.
import { Command } from 'commander'
import { fromCheckout } from './checkout.js'

const IN_TOOLS = [
  'change',
  'idle',
  'server',
  'soak',
  'compare',
  'capacity',
  'terminal',
  'web',
  'ingest',
  'parse',
  'held',
  'proxies',
] as const

export async function benchCommand(): Promise<Command> {
  const { packagedBenches } = await import('../../bench/cli.js')
  const bench = new Command('bench').description('Measure cycles and streams')
  for (const command of packagedBenches()) bench.addCommand(command)
  for (const name of IN_TOOLS) {
    const load = async () => (await import('../../tools/cli/bench.js')).BENCHES[name]()
    bench.addCommand(await fromCheckout(name, load))
  }
  return bench
}
