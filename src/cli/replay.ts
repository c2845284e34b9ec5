// `g6 replay check`: whether this version makes the same boards of a recording; `g6 replay renew` makes them the recorded ones.
import { Command } from 'commander'
import { loadPanels } from '../app/custom-panels.js'
import type { ProgramParts } from '../app/parts.js'
import { checkRecording } from '../app/replay-check.js'
import { renewRecording } from '../app/replay-renew.js'
import { VERSION } from '../app/version.js'
import { systemClock } from '../clock/clock.js'
import { settingFlags } from '../config/flags.js'
import { printableText } from '../log/printable.js'
import { silentMetrics } from '../metrics/metrics.js'
import { print } from './output.js'
import { prepare } from './settings.js'

/** Null: what is wrong with the settings is printed. */
async function partsOf(command: Command): Promise<ProgramParts | null> {
  const prepared = prepare(command)
  if (prepared === null) return null
  const { config } = prepared.loaded
  return {
    config,
    settings: () => config,
    metrics: silentMetrics(),
    log: prepared.log,
    clock: systemClock,
    panels: await loadPanels(config.panelsModule),
  }
}

export function replayCommand(): Command {
  const check = settingFlags(new Command('check'))
    .description(
      'Replay a recording as fast as possible and compare the hash of every panel; exit 1 when one differs',
    )
    .argument('<file>', 'The recording of g6 record')
    .action(async (path: string, _options: unknown, command: Command) => {
      const parts = await partsOf(command)
      if (parts === null) return
      const { version, readings, differing, first } = await checkRecording(path, parts)
      if (version !== VERSION) print(`recorded by version ${printableText(version)}; this is ${VERSION}\n`)
      print(`${readings} readings, ${differing} boards differ\n`)
      if (first === null) return
      print(`first in line ${first.line}: ${printableText(first.panels.join(', '))}\n`)
      process.exitCode = 1
    })
  const renew = settingFlags(new Command('renew'))
    .description(
      'Replay recordings and write the hashes of this version into them, so that check compares with those; ' +
        'a recording whose boards are all the same is not touched',
    )
    .argument('<files...>', 'Recordings of g6 record')
    .action(async (paths: readonly string[], _options: unknown, command: Command) => {
      const parts = await partsOf(command)
      if (parts === null) return
      for (const path of paths)
        print(`${printableText(path)}: ${await renewRecording(path, parts)} boards renewed\n`)
    })
  return new Command('replay')
    .description('Check recordings; g6 serve --source replay:FILE plays one')
    .addCommand(check)
    .addCommand(renew)
}
