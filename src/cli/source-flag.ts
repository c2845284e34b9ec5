// The `--source` flag of the commands that show or serve a board.
import type { Command } from 'commander'

function collected(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

export function sourceFlag(command: Command): Command {
  return command.option(
    '--source <source>',
    'Where readings come from, instead of what the settings name: file:PATH, status:URL (…/events) or board:URL ' +
      '(another server: its board is followed as it is); may be given several times',
    collected,
  )
}
