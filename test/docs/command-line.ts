// The `g6` commands in the docs, checked against the text of `--help`. A process for each help would cost half a minute.
import { programWith } from '../../src/cli/commands.js'

/** The calls of g6 in a piece of shell: words after `g6`, up to a pipe, a redirection or the next command. */
export function callsIn(shell: string): readonly (readonly string[])[] {
  const line = shell.replace(/(^|\s)#.*$/, '')
  return line.split(/&&|\|\||[|;&]|\d?>/).flatMap(part => {
    const words = part.trim().split(/\s+/)
    const at = words.findIndex(word => !/^\w+=/.test(word))
    return at >= 0 && words[at] === 'g6' ? [words.slice(at + 1).map(w => w.replace(/^['"]|['"]$/g, ''))] : []
  })
}

type Help = {
  readonly commands: ReadonlySet<string>
  /** Flag → whether a value follows. */
  readonly flags: ReadonlyMap<string, boolean>
  readonly positionals: number
}

export function readHelp(text: string): Help {
  const [usage = ''] = text.split('\n')
  const flags = new Map<string, boolean>()
  const commands = new Set<string>()
  let section = ''
  for (const line of text.split('\n')) {
    section = /^(\w+):/.exec(line)?.[1] ?? section
    const option = /^ {2}(?:(-\w), )?(--[\w-]+)( <)?/.exec(line)
    const command = /^ {2}([a-z][\w-]*)/.exec(line)
    if (section === 'Options' && option !== null) {
      for (const flag of [option[1], option[2]])
        if (flag !== undefined) flags.set(flag, option[3] !== undefined)
    }
    if (section === 'Commands' && command?.[1] !== undefined) commands.add(command[1])
  }
  const taken = [...usage.matchAll(/\[(?!options|command)\w+(\.{3})?\]|<\w+(\.{3})?>/g)].map(
    ([argument]) => argument,
  )
  const takesMany = taken.some(argument => argument.includes('...'))
  return { commands, flags, positionals: takesMany ? Number.POSITIVE_INFINITY : taken.length }
}

const helps = new Map<string, Promise<Help>>()

function helpOf(path: readonly string[]): Promise<Help> {
  const key = path.join(' ')
  const known = helps.get(key)
  if (known !== undefined) return known
  const read = async (): Promise<Help> => {
    let command = await programWith(path[0])
    for (const name of path) {
      const inner = command.commands.find(each => each.name() === name)
      if (inner === undefined) throw new Error(`there is no g6 ${key}`)
      command = inner
    }
    return readHelp(command.helpInformation())
  }
  const help = read()
  helps.set(key, help)
  return help
}

/** What is wrong with a call; null when it parses. */
export async function problemOf(words: readonly string[]): Promise<string | null> {
  const path: string[] = []
  let help = await helpOf(path)
  let free = 0
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word.startsWith('-')) {
      const [flag = ''] = word.split('=')
      const takesValue = help.flags.get(flag)
      if (takesValue === undefined) return `g6 ${path.join(' ')} has no ${flag}`
      if (takesValue && !word.includes('=')) {
        i += 1
        if (words[i] === undefined) return `${flag} wants a value`
      }
    } else if (help.commands.has(word)) {
      path.push(word)
      help = await helpOf(path)
    } else {
      free += 1
      if (free > help.positionals) return `g6 ${path.join(' ')} does not take ${word}`
    }
  }
  return null
}
