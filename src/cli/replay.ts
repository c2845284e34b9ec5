// `g6 replay check`: whether this version makes the same boards of a recording.
import { Command } from 'commander'
import { loadPanels } from '../app/custom-panels.js'
import { checkRecording } from '../app/replay-check.js'
import { VERSION } from '../app/version.js'
import { systemClock } from '../clock/clock.js'
import { settingFlags } from '../config/flags.js'
import { printableText } from '../log/printable.js'
import { silentMetrics } from '../metrics/metrics.js'
import { print } from './output.js'
import { prepare } from './settings.js'

export function replayCommand(): Command {
  const check = settingFlags(new Command('check'))
    .description(
      'Replay a recording as fast as possible and compare the hash of every panel; exit 1 when one differs',
    )
    .argument('<file>', 'The recording of g6 record')
    .action(async (path: string, _options: unknown, command: Command) => {
      const prepared = prepare(command)
      if (prepared === null) return
      const { config } = prepared.loaded
      const { version, readings, differing, first } = await checkRecording(path, {
        config,
        settings: () => config,
        metrics: silentMetrics(),
        log: prepared.log,
        clock: systemClock,
        panels: await loadPanels(config.panelsModule),
      })
      if (version !== VERSION) print(`recorded by version ${printableText(version)}; this is ${VERSION}\n`)
      print(`${readings} readings, ${differing} boards differ\n`)
      if (first === null) return
      print(`first in line ${first.line}: ${printableText(first.panels.join(', '))}\n`)
      process.exitCode = 1
    })
  return new Command('replay')
    .description('Check recordings; g6 serve --source replay:FILE plays one')
    .addCommand(check)
}
